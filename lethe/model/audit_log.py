"""The log of erasures: one for the whole installation, append-only, without a word about anybody."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lethe.model.ids import Id


class LeafKind(StrEnum):
    """What a leaf of the log records."""

    ACCEPTED = "accepted"
    HELD = "held"
    RELEASED = "released"
    CANCELLED = "cancelled"
    REOPENED = "reopened"
    LIFTED = "suppression_lifted"
    CERTIFICATE = "certificate"
    RESTORED = "restored"
    """Of a log that was put back from an older copy: only the hash is known, from the witness."""


@dataclass(frozen=True, slots=True)
class NewLeaf:
    """What is to be logged. ``data`` is what is hashed: kind, ids, time and a salted commitment to the detail.

    ``sealed_detail`` holds the detail and its salt under the data key ``key_id``: with that key gone the commitment
    says nothing any more, and the tree is as provable as before. (tenant, kind, ref, number) is logged once.
    """

    kind: LeafKind
    tenant_id: Id | None
    ref: Id | None
    number: int
    data: str
    key_id: Id | None
    sealed_detail: bytes | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class LogLeaf:
    """A logged leaf. ``nodes``: the hashes of the nodes it completed, by level, in hex one after the other."""

    leaf_index: int
    kind: LeafKind
    tenant_id: Id | None
    ref: Id | None
    number: int
    data: str
    key_id: Id | None
    sealed_detail: bytes | None
    nodes: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class LogCheckpoint:
    """A state of the log that the witness cosigned. ``note`` is the signed note, ``witness_key`` its verifier key."""

    size: int
    note: str
    witness_key: str
    created_at: datetime
