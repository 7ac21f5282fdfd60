"""Taking a version out of every store: derived stores first, the ledger's rows last, so nothing outlives its name."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from lethe.contracts.ingestion import Dropped
from lethe.ingestion.shown import show_newest
from lethe.ingestion.steps.pipeline import awaits_release
from lethe.model.blobs import blob_prefix
from lethe.model.documents import Document, Status, Version
from lethe.model.ids import Id
from lethe.model.indexes import BuildKind
from lethe.ports.blobs import BlobStore
from lethe.ports.keyring import KeyRing
from lethe.ports.keywords import KeywordIndex
from lethe.ports.ledger import Ledger, UnitOfWork
from lethe.ports.vectors import VectorIndex
from lethe.privacy.holds import kept_of
from lethe.webhooks.telling import tell_deleted


@dataclass(frozen=True, slots=True)
class VersionRemover:
    """Removes versions. Idempotent: what is already gone is no error."""

    ledger: Ledger
    blobs: BlobStore
    keyring: KeyRing
    index: VectorIndex
    keywords: KeywordIndex

    async def remove(self, tenant_id: Id, version_id: Id) -> Dropped:
        """Remove one version with everything derived from it and destroy its key.

        A version that is being served is left alone, whoever asks: only a later version, or deletion, ends it. One that
        was replaced is left, too, while a restriction or a hold keeps its document, and while that is restricted one
        that was never served: it waits for the release.
        """
        return await self._take_out(tenant_id, await self.claim(tenant_id, [version_id], spares=True))

    async def remove_many(self, tenant_id: Id, version_ids: Collection[Id], *, spares: bool = True) -> int:
        """As `remove`, for many at once: one deletion per index, one unit of work; returns how many.

        ``spares``: not for an erasure, which has looked for itself what it has to leave.
        """
        going = await self.claim(tenant_id, version_ids, spares=spares) if version_ids else []
        if going:
            await self._take_out(tenant_id, going)
        return len(going)

    async def claim(self, tenant_id: Id, version_ids: Collection[Id], *, spares: bool = False) -> list[Id]:
        """Those that are not served. From this commit on none of them can go live: its ingestion is superseded.

        An upload that is still received cannot either, and keeps the status by which a broken-off one is found.
        """
        async with self.ledger.write() as uow:
            await uow.tenants.lock(tenant_id)
            versions = await uow.versions.get_many(tenant_id, version_ids)
            documents = await uow.documents.get_many(tenant_id, {v.document_id for v in versions.values()})
            served = {document.live_version_id for document in documents.values() if document.deleted_at is None}
            going = sorted(set(version_ids) - served)
            if spares:
                kept = await _kept(uow, tenant_id, [versions[each] for each in going if each in versions], documents)
                going = [each for each in going if each not in kept]
            found = (versions[version_id] for version_id in going if version_id in versions)
            ended = [
                replace(version, status=Status.DELETING)
                for version in found
                if version.live_from is None and version.status not in {Status.RECEIVING, Status.DELETING}
            ]
            await uow.versions.update_many(ended)
        return going

    async def remove_deleted(self, tenant_id: Id, document_ids: Collection[Id], at: datetime) -> Dropped:
        """Remove deleted documents, every version of each; others among the ids are left alone."""
        async with self.ledger.read() as uow:
            found = await uow.documents.get_many(tenant_id, document_ids)
            gone = [document.id for document in found.values() if document.deleted_at is not None]
            versions = [
                version.id for each in (await uow.versions.of_documents(tenant_id, gone)).values() for version in each
            ]
        dropped = await self._out_of_stores(tenant_id, versions)
        async with self.ledger.write() as uow:
            await uow.tenants.lock(tenant_id)
            chunks = await self._forget_all(uow, tenant_id, versions)
            left = await uow.versions.of_documents(tenant_id, gone)
            # One that came meanwhile is removed at the next visit.
            empty = [document_id for document_id in gone if not left[document_id]]
            await uow.dispatches.delete_for(tenant_id, empty)
            for document_id in empty:
                await uow.documents.delete(tenant_id, document_id)
                await tell_deleted(uow, tenant_id, document_id, at)
        return dropped.model_copy(update={"chunks": chunks})

    async def remove_unindexed(self, tenant_id: Id, version_id: Id) -> None:
        """Remove a version that never reached an index (an upload that broke off or changed nothing)."""
        await self._take_out(tenant_id, [version_id], is_indexed=False)

    async def _take_out(self, tenant_id: Id, version_ids: Collection[Id], *, is_indexed: bool = True) -> Dropped:
        """The stores, then the keys, then the rows: a repetition finds by the rows what a kill has left."""
        dropped = await self._out_of_stores(tenant_id, version_ids, is_indexed=is_indexed)
        async with self.ledger.write() as uow:
            await uow.tenants.lock(tenant_id)
            chunks = await self._forget_all(uow, tenant_id, version_ids)
        return dropped.model_copy(update={"chunks": chunks})

    async def _out_of_stores(self, tenant_id: Id, version_ids: Collection[Id], *, is_indexed: bool = True) -> Dropped:
        """What is derived, and the keys with those of people nobody is linked to any more."""
        objects = blobs = 0
        if is_indexed and version_ids:
            async with self.ledger.read() as uow:
                builds = await uow.builds.list(tenant_id)
            for build in builds:
                if build.kind is BuildKind.VECTOR:
                    objects += await self.index.delete_versions(build, version_ids)
                else:
                    await self.keywords.delete_versions(build, version_ids)
        for version_id in version_ids:
            blobs += await self.blobs.delete_prefix(blob_prefix(tenant_id, version_id))
        async with self.ledger.write() as uow:
            await uow.tenants.lock(tenant_id)
            subjects = await uow.subjects.leave(tenant_id, version_ids)
        await self.keyring.destroy(tenant_id, [*version_ids, *subjects])
        return Dropped(objects=objects, chunks=0, blobs=blobs)

    async def _forget_all(self, uow: UnitOfWork, tenant_id: Id, version_ids: Collection[Id]) -> int:
        """The rows, in a unit that holds the tenant's lock; how many chunks there were."""
        versions = await uow.versions.get_many(tenant_id, version_ids)
        await uow.dispatches.delete_for(tenant_id, version_ids)
        chunks = 0
        for version_id in version_ids:
            chunks += await self._forget(uow, tenant_id, version_id)
        await self._tidy_documents(uow, tenant_id, {version.document_id for version in versions.values()})
        return chunks

    async def _forget(self, uow: UnitOfWork, tenant_id: Id, version_id: Id) -> int:
        chunks = await uow.chunks.delete(tenant_id, version_id)
        await uow.artefacts.delete(tenant_id, version_id)
        await uow.subjects.unlink(tenant_id, version_id)
        await uow.dead_letters.delete(tenant_id, version_id)
        await uow.answer_cache.forget_version(tenant_id, version_id)
        await uow.versions.delete(tenant_id, version_id)
        return chunks

    async def _tidy_documents(self, uow: UnitOfWork, tenant_id: Id, document_ids: Collection[Id]) -> None:
        """Show the newest version that is left; a document without any goes, unless its deletion still needs it."""
        documents = await uow.documents.get_many(tenant_id, document_ids)
        left = await uow.versions.of_documents(tenant_id, document_ids)
        for document in documents.values():
            if document.deleted_at is not None:
                continue
            if left[document.id]:
                await show_newest(uow, document, document.updated_at)
            else:
                await uow.documents.delete(tenant_id, document.id)

    async def forget_answers(self, tenant_id: Id, document_id: Id) -> int:
        """Remove every question whose answer quotes the document, in any of its versions, be it another's answer.

        The key of a question that was given such an answer meanwhile is destroyed before the rows go, too.
        """
        destroyed = set[Id]()
        while True:
            async with self.ledger.write() as uow:
                questions = await uow.questions.citing(tenant_id, document_id)
                if destroyed.issuperset(questions):
                    return await uow.questions.delete(tenant_id, questions)
            await self.keyring.destroy(tenant_id, questions)
            destroyed.update(questions)


async def _kept(
    uow: UnitOfWork, tenant_id: Id, going: Collection[Version], documents: Mapping[Id, Document]
) -> set[Id]:
    """Those that were served once, of documents that a restriction or a hold keeps; and what waits for a release."""
    waiting = {version.id for version in going if awaits_release(documents.get(version.document_id), version)}
    once = [version for version in going if version.live_from is not None]
    theirs = {version.document_id for version in once}
    kept = await kept_of(uow, tenant_id, [documents[each] for each in sorted(theirs)])
    return waiting | {version.id for version in once if version.document_id in kept}
