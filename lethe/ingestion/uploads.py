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
    MAX_LOOKS,
    sealed_into,
)
from lethe.ingestion.planning import (
    Planned,
    Source,
    add_document,
    add_version,
    claim_taking,
    inherited,
    newest_of,
    own_uri,
    received,
    require_unrestricted,
)
from lethe.ingestion.poison import forget_repeats, record_known
from lethe.ingestion.removal import VersionRemover
from lethe.ingestion.requests import Outcome, Receipt, UploadRequest
from lethe.ingestion.revision import PipelineRevision
from lethe.ingestion.shown import show_newest
from lethe.ingestion.subjects import prepare_links
from lethe.ingestion.unchanged import Unchanged
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

    async def _plan(self, caller: Caller, request: UploadRequest, ids: _NewIds, taking: Taking | None) -> Planned:
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
    ) -> Planned:
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
                    return Planned(caller, request, version, is_new, taking, spare_keys)
            # Another upload was planned between the look and the lock: its fields need its key.
        raise DocumentConflict(CHANGED_MEANWHILE)

    async def _decide(self, planned: Planned, measured: Measured) -> Receipt:
        tenant_id, now = planned.version.tenant_id, self.clock.now()
        digest_key = await self.keyring.secret(tenant_id, SecretPurpose.DIGEST)
        content_fp = content_fingerprint(
            digest_key,
            measured.sha256,
            parser=self.revision.parser,
            chunker=self.revision.chunker,
            policy=self.revision.policy,
        )
        unchanged = await Unchanged(self.ledger, self.keyring, self.clock).settle(planned, content_fp)
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
            require_unrestricted(document)
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


async def _place(uow: UnitOfWork, tenant_id: Id, taking: Taking | None) -> int | None:
    """The version's position in its ingestion, given in the unit that makes it pending."""
    if taking is None:
        return None
    await claim_taking(uow, tenant_id, taking)
    return await uow.ingestions.give(tenant_id, taking.ingestion_id, taking.entry)


async def _dispatched(uow: UnitOfWork, version: Version, now: datetime) -> str:
    workflow_id = dispatch_id(DispatchKind.INGEST_DOCUMENT, version.tenant_id, version.id)
    await uow.dispatches.add(Dispatch(version.tenant_id, workflow_id, DispatchKind.INGEST_DOCUMENT, version.id, now))
    return workflow_id
