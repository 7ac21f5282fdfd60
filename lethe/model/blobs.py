"""Blobs: what a version, and a bulk ingestion, keep beside the ledger."""

from enum import StrEnum
from typing import Final

from lethe.model.ids import Id


class BlobName(StrEnum):
    """The last segment of a blob's key."""

    ORIGINAL = "original"
    """A version's bytes as uploaded."""
    ELEMENTS = "elements"
    """A version's parsed text."""
    ARCHIVE = "archive"
    """The files of an ingestion, until they are unpacked."""


OF_VERSION: Final = frozenset({BlobName.ORIGINAL, BlobName.ELEMENTS})


def blob_prefix(tenant_id: Id, owner_id: Id) -> str:
    """Every blob of a version, or of an ingestion, is below this prefix."""
    return f"{tenant_id}/{owner_id}/"


def archive_key(tenant_id: Id, ingestion_id: Id, sending_id: Id) -> str:
    """Where an archive is: each sending has a place of its own, so that none touches the one that is unpacked."""
    return f"{blob_key(tenant_id, ingestion_id, BlobName.ARCHIVE)}/{sending_id}"


def blob_key(tenant_id: Id, owner_id: Id, name: BlobName) -> str:
    """Where the blob is."""
    return blob_prefix(tenant_id, owner_id) + name.value
