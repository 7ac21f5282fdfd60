"""Receiving a document: two transactions around one stream.

Transaction 1 names everything that may come to exist; then the bytes go to the blob store, sealed, in constant memory;
transaction 2 decides by the two fingerprints whether there is work, and writes the dispatch that makes it happen.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from lethe.errors import DocumentConflict
from lethe.ingestion.measuring import Measured
from lethe.ingestion.metadata import (
    CHANGED_MEANWHILE,
    IN_FLIGHT,
    MAX_LOOKS,
    MAY_GO_LIVE,
    Change,
    sealed_into,
    write_metadata,
)
from lethe.ingestion.planning import (
    Source,
    add_document,
    add_version,
    inherited,
    newest_of,
    own_uri,
    received,
    require_taking,
)
from lethe.ingestion.poison import forget_repeats, record_known
from lethe.ingestion.removal import VersionRemover
from lethe.ingestion.requests import Outcome, Receipt, UploadRequest
from lethe.ingestion.revision import PipelineRevision
from lethe.ingestion.shown import show_newest
from lethe.ingestion.subjects import prepare_links
from lethe.model.documents import Status, Version
from lethe.model.ids import Id, new_id
from lethe.model.indexes import NIL_ID, ArtefactState, ArtefactStore
from lethe.model.ingestions import Taking
from lethe.model.operations import Dispatch, DispatchKind
from lethe.model.principals import Caller
from lethe.model.workflow_ids import dispatch_id
from lethe.ports.blobs import BlobStore
from lethe.ports.clock import Clock
from lethe.ports.keyring import KeyRing, SecretPurpose
from lethe.ports.ledger import Ledger, UnitOfWork
from lethe.privacy.digests import content_fingerprint, keyed_digest, prefix_digests, source_digest
from lethe.privacy.sealing import Purpose, seal_stream


@dataclass(frozen=True, slots=True)
class _NewIds:
    """What the document, if it is a new one, and its version are called."""

    document: Id
    version: Id


@dataclass(frozen=True, slots=True)
class _Planned:
    caller: Caller
    request: UploadRequest
    version: Version
    is_new: bool
    taking: Taking | None
    spare_keys: tuple[Id, ...]


@dataclass(frozen=True, slots=True)
class Uploads:
    """Receives documents. ``max_bytes`` bounds one document's size."""

    ledger: Ledger
    blobs: BlobStore
    keyring: KeyRing
    remover: VersionRemover
    clock: Clock
    revision: PipelineRevision
    max_bytes: int

    async def receive(
        self,
        caller: Caller,
        request: UploadRequest,
        data: AsyncIterator[bytes],
        taking: Taking | None = None,
        document_id: Id | None = None,
    ) -> Receipt:
        """Take one document in.

        ``taking``: a bulk ingestion brings it in, so no workflow of its own is dispatched. ``document_id``: what a new
        document is called; one that an earlier, broken off sending of this request made is met again by it. Raises
        Forbidden, EmptyDocument, PayloadTooLarge, DocumentConflict, IngestionClosed; then nothing of it remains.
        """
        fresh_id = await self._unused(caller.tenant_id, document_id, request) if document_id else new_id()
        planned = await self._plan(caller, request, _NewIds(fresh_id, new_id()), taking)
        version = planned.version
        measured = Measured(self.max_bytes)
        try:
            await self.keyring.destroy(version.tenant_id, planned.spare_keys)
            key = await self.keyring.get(version.tenant_id, version.id)
            await self.blobs.write(version.blob_key, seal_stream(key, Purpose.ORIGINAL, measured.over(data)))
            return await self._decide(planned, measured)
        except BaseException:
            # Also when the sender hangs up: a half upload must leave no row, no blob and no key.
            await self.remover.remove_unindexed(version.tenant_id, version.id)
            raise

    async def _unused(self, tenant_id: Id, document_id: Id, request: UploadRequest) -> Id:
        """The id, unless the document that it names is another one, or on its way out."""
        async with self.ledger.read() as uow:
            document = await uow.documents.get(tenant_id, document_id)
        if document is None:
            return document_id
        digest_key = await self.keyring.secret(tenant_id, SecretPurpose.DIGEST)
        source = source_digest(digest_key, request.source_uri or own_uri(document_id, request.filename))
        return document_id if document.deleted_at is None and document.source_hmac == source else new_id()

    async def _plan(self, caller: Caller, request: UploadRequest, ids: _NewIds, taking: Taking | None) -> _Planned:
        """Transaction 1. The keys come first, since the rows are sealed with them, and go if the rows do not come."""
        subject_ids = [new_id() for _ in request.subjects]
        try:
            return await self._write_plan(caller, request, ids, subject_ids, taking)
        except BaseException:
            await self.keyring.destroy(caller.tenant_id, [ids.version, *subject_ids])
            raise

    async def _write_plan(
        self,
        caller: Caller,
        request: UploadRequest,
        ids: _NewIds,
        subject_ids: Sequence[Id],
        taking: Taking | None,
    ) -> _Planned:
        tenant_id, now = caller.tenant_id, self.clock.now()
        digest_key = await self.keyring.secret(tenant_id, SecretPurpose.DIGEST)
        key = await self.keyring.create(tenant_id, ids.version)
        links = await prepare_links(self.ledger, self.keyring, tenant_id, request.subjects, subject_ids)
        source_uri = request.source_uri or own_uri(ids.document, request.filename)
        begins = prefix_digests(digest_key, source_uri)
        source = Source(source_uri, source_digest(digest_key, source_uri), begins)
        for _ in range(MAX_LOOKS):
            async with self.ledger.read() as uow:
                _, seen = await newest_of(uow, tenant_id, source)
            keys = await self.keyring.get_many(tenant_id, [seen.id] if seen else [])
            async with self.ledger.write() as uow:
                await uow.tenants.lock(tenant_id)
                document, newest = await newest_of(uow, tenant_id, source)
                if newest is None or (seen is not None and newest.id == seen.id):
                    fields = await inherited(uow, caller, source, document, newest, keys)
                    fields = fields.changed_by(request)
                    is_new = document is None
                    if document is None:
                        document = await add_document(uow, tenant_id, ids.document, source, fields, now)
                    version = received(document, ids.version, request, key, fields, now, taking)
                    version = sealed_into(version, key, fields, digest_key, now)
                    spare_keys = await add_version(uow, document, version, links, request)
                    return _Planned(caller, request, version, is_new, taking, spare_keys)
            # Another upload was planned between the look and the lock: its fields need its key.
        raise DocumentConflict(CHANGED_MEANWHILE)

    async def _decide(self, planned: _Planned, measured: Measured) -> Receipt:
        tenant_id, now = planned.version.tenant_id, self.clock.now()
        digest_key = await self.keyring.secret(tenant_id, SecretPurpose.DIGEST)
        content_fp = content_fingerprint(
            digest_key,
            measured.sha256,
            parser=self.revision.parser,
            chunker=self.revision.chunker,
            policy=self.revision.policy,
        )
        unchanged = await self._without_new_version(planned, content_fp)
        if unchanged is not None:
            await self.remover.remove_unindexed(tenant_id, planned.version.id)
            return unchanged
        key = await self.keyring.get(tenant_id, planned.version.id)
        async with self.ledger.write() as uow:
            await uow.tenants.lock(tenant_id)
            document = await uow.documents.get(tenant_id, planned.version.document_id)
            # Its fields may have been changed while the bytes came.
            version = await uow.versions.get(tenant_id, planned.version.id)
            if document is None or version is None or document.epoch != version.epoch:
                raise DocumentConflict("The document was deleted while its new version was received.")
            version = replace(
                version,
                position=await _place(uow, tenant_id, planned.taking),
                size_bytes=measured.size,
                content_hmac=keyed_digest(digest_key, "bytes", measured.sha256),
                content_fp=content_fp,
                **self.revision.recorded,
                status=Status.PENDING,
                updated_at=now,
            )
            await uow.versions.update(version)
            known = await uow.dead_letters.poison(tenant_id, content_fp)
            if known is not None:
                await record_known(uow, version, known, key, now)
            await uow.artefacts.set_state(tenant_id, version.id, ArtefactStore.BLOB, NIL_ID, ArtefactState.COMMITTED)
            await show_newest(uow, document, now)
            workflow_id = "" if known or planned.taking else await _dispatched(uow, version, now)
        if known is not None:
            await forget_repeats(self.ledger, self.remover, version)
            return Receipt(version.document_id, version.id, "", Status.FAILED, Outcome.KNOWN_POISON)
        outcome = Outcome.ADDED if planned.is_new else Outcome.UPDATED
        return Receipt(version.document_id, version.id, workflow_id, Status.PENDING, outcome)

    async def _without_new_version(self, planned: _Planned, content_fp: str) -> Receipt | None:
        """What is answered if the bytes need no version of their own; None if they do."""
        live = await self._live_if_same(planned.version, content_fp)
        if live is not None:
            return await self._change_nothing_or_metadata(planned, live)
        waiting = await self._waiting_if_same(planned, content_fp)
        if waiting is None:
            return None
        await self._count_settled(planned, Outcome.SKIPPED, waiting)
        return Receipt(waiting.document_id, waiting.id, "", waiting.status, Outcome.SKIPPED)

    async def _waiting_if_same(self, planned: _Planned, content_fp: str) -> Version | None:
        """The submission before, if the same ingestion is about to bring in the same by it: a request was repeated.

        Subjects are not compared, so an upload that names some is never the same.
        """
        if planned.taking is None or planned.request.subjects:
            return None
        async with self.ledger.read() as uow:
            siblings = await uow.versions.of_document(planned.version.tenant_id, planned.version.document_id)
        # Its fields may have been changed while the bytes came.
        mine = next((sibling for sibling in siblings if sibling.id == planned.version.id), None)
        if mine is None:
            return None
        before = next((s for s in reversed(siblings) if s.submission < mine.submission), None)
        if before is None or before.position is None or before.status not in IN_FLIGHT:
            return None
        same = (mine.ingestion_id, mine.epoch, content_fp, mine.meta_fp)
        return before if (before.ingestion_id, before.epoch, before.content_fp, before.meta_fp) == same else None

    async def _live_if_same(self, version: Version, content_fp: str) -> Version | None:
        """The live version, if it has this content and no other version may still replace it.

        One that failed may: it is driven again, and would win over a submission that left no version of its own.
        """
        async with self.ledger.read() as uow:
            document = await uow.documents.get(version.tenant_id, version.document_id)
            siblings = await uow.versions.of_document(version.tenant_id, version.document_id)
        if document is None or document.live_version_id is None or document.epoch != version.epoch:
            return None
        live = next((sibling for sibling in siblings if sibling.id == document.live_version_id), None)
        others = [s for s in siblings if s.id != version.id and s.submission > document.live_submission]
        if live is None or live.content_fp != content_fp or any(s.status in MAY_GO_LIVE for s in others):
            return None
        return live

    async def _change_nothing_or_metadata(self, planned: _Planned, live: Version) -> Receipt:
        change = Change(planned.caller, live, planned.request, planned.version.submission, linked_by=planned.version.id)
        workflow_id = await write_metadata(self.ledger, self.keyring, self.clock, change)
        outcome = Outcome.METADATA_UPDATED if workflow_id else Outcome.SKIPPED
        await self._count_settled(planned, outcome, live)
        return Receipt(live.document_id, live.id, workflow_id, Status.READY, outcome)

    async def _count_settled(self, planned: _Planned, outcome: Outcome, met: Version) -> None:
        """What the ingestion itself took in before is not counted again: its request was repeated."""
        taking = planned.taking
        if taking is None:
            return
        updated = int(outcome is Outcome.METADATA_UPDATED)
        async with self.ledger.write() as uow:
            await uow.tenants.lock(planned.version.tenant_id)
            await _require_taken(uow, planned.version.tenant_id, taking)
            if updated:  # it had work, which is done already
                await uow.ingestions.give(planned.version.tenant_id, taking.ingestion_id)
            await uow.ingestions.count(
                planned.version.tenant_id,
                taking.ingestion_id,
                updated=updated,
                skipped=int(not updated and met.ingestion_id != taking.ingestion_id),
                entry=taking.entry,
            )


async def _place(uow: UnitOfWork, tenant_id: Id, taking: Taking | None) -> int | None:
    """The version's position in its ingestion, given in the unit that makes it pending."""
    if taking is None:
        return None
    await _require_taken(uow, tenant_id, taking)
    return await uow.ingestions.give(tenant_id, taking.ingestion_id, taking.entry)


async def _require_taken(uow: UnitOfWork, tenant_id: Id, taking: Taking) -> None:
    await require_taking(uow, tenant_id, taking)
    if taking.item_id:
        await uow.ingestions.withdraw(tenant_id, taking.ingestion_id, taking.item_id)


async def _dispatched(uow: UnitOfWork, version: Version, now: datetime) -> str:
    workflow_id = dispatch_id(DispatchKind.INGEST_DOCUMENT, version.tenant_id, version.id)
    await uow.dispatches.add(Dispatch(version.tenant_id, workflow_id, DispatchKind.INGEST_DOCUMENT, version.id, now))
    return workflow_id
