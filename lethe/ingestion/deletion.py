"""Removing a deleted document from every store, and uploads that broke off."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from lethe.contracts.ingestion import DeletionPlan, DocumentRef, Dropped, Reaped
from lethe.ingestion.metadata import IN_FLIGHT
from lethe.ingestion.removal import VersionRemover
from lethe.model.documents import Document, Status
from lethe.model.ids import Id
from lethe.ports.clock import Clock
from lethe.ports.ledger import Ledger, UnitOfWork
from lethe.privacy.erasure.verifying import resume_held
from lethe.webhooks.telling import tell_deleted

REAP_PAGE = 100


@dataclass(frozen=True, slots=True)
class Deletions:
    """Carries out deletions. Every method may be repeated."""

    ledger: Ledger
    remover: VersionRemover
    clock: Clock

    async def plan(self, ref: DocumentRef) -> DeletionPlan:
        """The document's versions, and those whose ingestion may still be running or waiting."""
        async with self.ledger.read() as uow:
            versions = await uow.versions.of_document(ref.tenant_id, ref.document_id)
        running = [version.id for version in versions if version.status in IN_FLIGHT | {Status.FAILED}]
        return DeletionPlan(version_ids=[version.id for version in versions], running=running)

    async def finish(self, ref: DocumentRef) -> Dropped:
        """Remove answers that quote the document, every version, and the document's own row last."""
        async with self.ledger.read() as uow:
            versions = await uow.versions.of_document(ref.tenant_id, ref.document_id)
        await self.remover.forget_answers(ref.tenant_id, ref.document_id)
        objects = chunks = blobs = 0
        for version in versions:
            dropped = await self.remover.remove(ref.tenant_id, version.id)
            objects, chunks, blobs = objects + dropped.objects, chunks + dropped.chunks, blobs + dropped.blobs
        async with self.ledger.write() as uow:
            if not await uow.versions.of_document(ref.tenant_id, ref.document_id):
                await uow.dispatches.delete_for(ref.tenant_id, [ref.document_id])
                await uow.documents.delete(ref.tenant_id, ref.document_id)
                await tell_deleted(uow, ref.tenant_id, ref.document_id, self.clock.now())
        return Dropped(objects=objects, chunks=chunks, blobs=blobs)

    async def finish_many(self, tenant_id: Id, document_ids: Collection[Id]) -> Dropped:
        """As `finish`, for deleted documents, with one visit to the index and one commit for all of them."""
        for document_id in document_ids:
            await self.remover.forget_answers(tenant_id, document_id)
        return await self.remover.remove_deleted(tenant_id, document_ids, self.clock.now())

    async def reap_receiving(self, before: datetime) -> Reaped:
        """Remove uploads of any tenant that have been receiving since before the given time."""
        async with self.ledger.read() as uow:
            stale = await uow.versions.stale_receiving(before, REAP_PAGE)
        for version in stale:
            await self.remover.remove_unindexed(version.tenant_id, version.id)
        return Reaped(versions=len(stale))


async def mark_deleted(uow: UnitOfWork, document: Document, seq: int, at: datetime) -> None:
    """From this commit on nobody reads the document; needs the tenant's lock."""
    await mark_all_deleted(uow, document.tenant_id, [document], seq, at)


async def mark_all_deleted(
    uow: UnitOfWork, tenant_id: Id, documents: Collection[Document], seq: int, at: datetime
) -> None:
    """As `mark_deleted`, for documents that were read under the lock.

    A restriction ends with its document, and so does what a hold kept of it: erasures that had to leave it go on.
    """
    deleted = [
        replace(
            document,
            source_hmac=None,
            status=Status.DELETING,
            epoch=document.epoch + 1,
            deleted_at=at,
            updated_at=at,
            restricted_at=None,
            restriction_reason=None,
        )
        for document in documents
    ]
    await uow.documents.update_many(deleted)
    served = [document.live_version_id for document in documents if document.live_version_id]
    live = await uow.versions.get_many(tenant_id, served)
    ended = [replace(each, live_until=seq, changed_seq=seq, updated_at=at) for each in live.values()]
    await uow.versions.update_many(ended)
    await resume_held(uow, tenant_id, deleted, at)
