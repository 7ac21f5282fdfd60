"""What the steps work with, and the check that each of them makes first."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from lethe.contracts.ingestion import VersionRef
from lethe.errors import AwaitsRelease, EmbedderUnavailable, VersionSuperseded
from lethe.indexing.builds import active_vector_build
from lethe.ingestion.chunking import ChunkPlan
from lethe.ingestion.shown import show_newest
from lethe.model.documents import Document, Status, Version
from lethe.model.ids import Id
from lethe.ports.blobs import BlobStore
from lethe.ports.clock import Clock
from lethe.ports.embedding import Embedder, model_of
from lethe.ports.keyring import KeyRing
from lethe.ports.keywords import KeywordIndex
from lethe.ports.ledger import Ledger, UnitOfWork
from lethe.ports.malware import MalwareScanner
from lethe.ports.parsing import Parser
from lethe.ports.vectors import VectorIndex
from lethe.settings import LimitSettings


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The ports of the ingestion steps; only held here, built by the wiring. ``scratch`` is for clear-text files.

    Without ``malware`` no file is scanned. ``embeds_outside``: the embedder waits for a network. ``others``: embedders
    of tenants whose active build is not of ``embedder``, or that migrate to one that is not.
    """

    ledger: Ledger
    blobs: BlobStore
    keyring: KeyRing
    parser: Parser
    embedder: Embedder
    index: VectorIndex
    keywords: KeywordIndex
    clock: Clock
    chunking: ChunkPlan
    limits: LimitSettings
    scratch: Path
    malware: MalwareScanner | None = None
    embeds_outside: bool = False
    others: tuple[Embedder, ...] = ()

    def model_of(self, spec: str) -> Embedder:
        """The embedder of a build's spec. Raises EmbedderUnavailable where none is configured."""
        embedder = model_of(spec, self.embedder, *self.others)
        if embedder is None:
            raise EmbedderUnavailable("No configured embedder is the one of the tenant's index.")
        return embedder

    async def serving_model(self, tenant_id: Id) -> Embedder:
        """The embedder of the tenant's active vector build. Raises IndexBuildMissing, EmbedderUnavailable."""
        async with self.ledger.read() as uow:
            build = await active_vector_build(uow, tenant_id)
        return self.model_of(build.spec)


async def still_wanted(uow: UnitOfWork, ref: VersionRef) -> tuple[Document, Version]:
    """The document and version, if this submission may still become the live one.

    Raises AwaitsRelease, whatever else stands against it: that counts after the release; and VersionSuperseded.

    A unit that goes on to write either of them holds the tenant's lock: rows are written whole.
    """
    version = await uow.versions.get(ref.tenant_id, ref.version_id)
    document = await uow.documents.get(ref.tenant_id, version.document_id) if version else None
    if document is None or version is None or document.deleted_at is not None:
        raise VersionSuperseded("The document was deleted.")
    if awaits_release(document, version):
        raise AwaitsRelease
    if not is_wanted(document, version):
        raise VersionSuperseded
    return document, version


def awaits_release(document: Document | None, version: Version) -> bool:
    """Whether the version stays as it is while its document is restricted, though a fence or a cancelling came."""
    if document is None or document.restricted_at is None or document.deleted_at is not None:
        return False
    is_under_way = version.live_from is None and version.status not in {Status.RECEIVING, Status.DELETING}
    return is_under_way and document.live_submission <= version.submission


def is_wanted(document: Document | None, version: Version) -> bool:
    """Whether the version may still become its document's live one; the live one itself may."""
    if document is None or document.deleted_at is not None or version.status is Status.DELETING:
        return False
    return document.epoch == version.epoch and document.live_submission <= version.submission


async def wanted_of(uow: UnitOfWork, tenant_id: Id, version_ids: Collection[Id]) -> dict[Id, Version]:
    """Those of the versions that are still wanted; see `still_wanted`."""
    versions = await uow.versions.get_many(tenant_id, version_ids)
    documents = await uow.documents.get_many(tenant_id, {version.document_id for version in versions.values()})
    return {
        version.id: version for version in versions.values() if is_wanted(documents.get(version.document_id), version)
    }


async def enter(pipeline: Pipeline, ref: VersionRef, status: Status) -> Version:
    """Check that the version is still wanted and show its status; a live version keeps its own.

    Raises VersionSuperseded, AwaitsRelease.
    """
    async with pipeline.ledger.write() as uow:
        await uow.tenants.lock(ref.tenant_id)
        document, version = await still_wanted(uow, ref)
        if version.status is Status.READY:
            return version
        now = pipeline.clock.now()
        version = replace(version, status=status, updated_at=now)
        await uow.versions.update(version)
        await show_newest(uow, document, now)
        return version
