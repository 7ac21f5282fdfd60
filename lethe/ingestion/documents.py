"""Reading, changing and deleting documents on behalf of a caller."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lethe.errors import (
    ChunkNotFound,
    DocumentConflict,
    DocumentError,
    DocumentNotFound,
    DocumentQuarantined,
    DocumentRestricted,
    Forbidden,
)
from lethe.errors import by_code as error_by_code
from lethe.ingestion.chunk_views import ChunkPage, Neighbours, open_chunks
from lethe.ingestion.deletion import mark_deleted
from lethe.ingestion.metadata import Change, open_fields, write_metadata
from lethe.ingestion.requests import DocumentPage, DocumentView, Expiry, Failure, MetadataPatch, Outcome, Receipt
from lethe.ingestion.rights import may_read, reachable
from lethe.model.documents import Document, Status, Version
from lethe.model.ids import Id
from lethe.model.operations import DeadLetter, Dispatch, DispatchKind
from lethe.model.principals import Caller, Role
from lethe.model.workflow_ids import dispatch_id
from lethe.ports.clock import Clock
from lethe.ports.keyring import KeyRing
from lethe.ports.ledger import Ledger, PageCursor, UnitOfWork
from lethe.privacy.erasure.needles import Needles, open_needles, standing_needles
from lethe.privacy.holds import kept_of
from lethe.privacy.sealing import Purpose, unseal_text


@dataclass(frozen=True, slots=True)
class Documents:
    """The documents of the caller's tenant. A document it may not read is not found (P6)."""

    ledger: Ledger
    keyring: KeyRing
    clock: Clock

    async def get(self, caller: Caller, document_id: Id) -> DocumentView:
        """One document. Raises DocumentNotFound."""
        async with self.ledger.read() as uow:
            document = await self._readable(uow, caller, document_id)
            views = await self._views(uow, caller, [document])
        if not views:
            raise DocumentNotFound
        return views[0]

    async def page(self, caller: Caller, status: Status | None, after: PageCursor | None, limit: int) -> DocumentPage:
        """Documents newest first, from at most ``limit`` rows: one that shows nothing to this caller is left out."""
        readers = None if caller.role is Role.ADMIN else caller.readers
        async with self.ledger.read() as uow:
            documents = await uow.documents.page(caller.tenant_id, readers, status, after, limit + 1)
            views = await self._views(uow, caller, documents[:limit])
        last = documents[limit - 1] if len(documents) > limit else None
        return DocumentPage(
            # A status the caller may not know of must not show in which list the document is.
            views=tuple(view for view in views if status is None or view.status is status),
            after=PageCursor(last.created_at, last.id) if last else None,
        )

    async def chunks(self, caller: Caller, document_id: Id, start: int, limit: int) -> ChunkPage:
        """The live version's chunks with ordinal >= ``start``, in order, from at most ``limit`` rows.

        What shows somebody who is being erased is left out.

        Raises DocumentNotFound, and for an admin, who may know of it, DocumentQuarantined.
        """
        async with self.ledger.read() as uow:
            version = await self._served(uow, caller, document_id)
            if version is None:
                return ChunkPage([], None)
            chunks = await uow.chunks.of_version(caller.tenant_id, version.id, start, start + limit + 1)
        needles = await self._needles(caller)
        views = await open_chunks(self.keyring, version, chunks[:limit])
        shown = [view for view in views if not needles.hides(*view.texts)]
        return ChunkPage(shown, start + limit if len(chunks) > limit else None)

    async def neighbours(self, caller: Caller, document_id: Id, chunk_id: Id, before: int, after: int) -> Neighbours:
        """A chunk of the live version with up to that many before and after it.

        Raises DocumentNotFound, DocumentQuarantined, ChunkNotFound.
        """
        async with self.ledger.read() as uow:
            version = await self._served(uow, caller, document_id)
            chunk = await uow.chunks.get(caller.tenant_id, chunk_id) if version else None
            if version is None or chunk is None or chunk.version_id != version.id:
                raise ChunkNotFound
            first, last = max(0, chunk.ordinal - before), chunk.ordinal + after + 1
            chunks = await uow.chunks.of_version(caller.tenant_id, version.id, first, last)
        needles = await self._needles(caller)
        views = await open_chunks(self.keyring, version, chunks)
        shown = [view for view in views if not needles.hides(*view.texts)]
        itself = next((view for view in shown if view.id == chunk_id), None)
        if itself is None:
            raise ChunkNotFound
        return Neighbours(
            before=[view for view in shown if view.ordinal < chunk.ordinal],
            chunk=itself,
            after=[view for view in shown if view.ordinal > chunk.ordinal],
        )

    async def _needles(self, caller: Caller) -> Needles:
        return await standing_needles(self.ledger, self.keyring, caller.tenant_id)

    async def _served(self, uow: UnitOfWork, caller: Caller, document_id: Id) -> Version | None:
        """The live version of a document the caller may read, if it has one.

        Raises DocumentNotFound, DocumentQuarantined.
        """
        document = await self._readable(uow, caller, document_id)
        if document.restricted_at is not None:
            raise DocumentRestricted
        if await uow.quarantines.hidden(caller.tenant_id, [document_id]):
            raise DocumentQuarantined
        return await uow.versions.get(caller.tenant_id, document.live_version_id) if document.live_version_id else None

    async def patch(
        self, caller: Caller, document_id: Id, patch: MetadataPatch, expiry: Expiry | None = None
    ) -> Receipt:
        """Change fields in place; rights count for the next question. Raises DocumentNotFound, DocumentConflict.

        ``expiry``: None keeps.
        """
        async with self.ledger.read() as uow:
            document = await self._readable(uow, caller, document_id)
            if document.live_version_id is None:
                raise DocumentConflict("The document has no live version yet; wait until it is ready.")
            live = await uow.versions.get(caller.tenant_id, document.live_version_id)
        if live is None:
            raise DocumentNotFound
        has_expiry = expiry is not None and await self._expire(caller, document_id, expiry)
        workflow_id = await write_metadata(self.ledger, self.keyring, self.clock, Change(caller, live, patch))
        outcome = Outcome.METADATA_UPDATED if workflow_id or has_expiry else Outcome.SKIPPED
        return Receipt(document_id, live.id, workflow_id, live.status, outcome)

    async def _expire(self, caller: Caller, document_id: Id, expiry: Expiry) -> bool:
        """Whether that is another time than before."""
        async with self.ledger.write() as uow:
            await uow.tenants.lock(caller.tenant_id)
            document = await self._readable(uow, caller, document_id)
            if document.expires_at == expiry.at:
                return False
            await uow.documents.update(replace(document, expires_at=expiry.at, updated_at=self.clock.now()))
        return True

    async def delete(self, caller: Caller, document_id: Id) -> Receipt:
        """Make the document unreachable now and dispatch its removal from every store.

        Raises DocumentNotFound; Forbidden for what a hold keeps, unless an officer ends that for this document.
        """
        now = self.clock.now()
        tenant_id = caller.tenant_id
        workflow_id = dispatch_id(DispatchKind.DELETE_DOCUMENT, tenant_id, document_id)
        async with self.ledger.write() as uow:
            await uow.tenants.lock(tenant_id)
            document = await self._readable(uow, caller, document_id)
            if not caller.role.includes(Role.OFFICER) and await kept_of(uow, tenant_id, [document]):
                raise Forbidden("An erasure that is held keeps this document: only an officer may delete it.")
            seq = await uow.tenants.advance(tenant_id)
            await mark_deleted(uow, document, seq, now)
            await uow.dispatches.add(Dispatch(tenant_id, workflow_id, DispatchKind.DELETE_DOCUMENT, document_id, now))
        version_id = document.live_version_id or document.id
        return Receipt(document_id, version_id, workflow_id, Status.DELETING, Outcome.UPDATED)

    async def _readable(self, uow: UnitOfWork, caller: Caller, document_id: Id) -> Document:
        document = await uow.documents.get(caller.tenant_id, document_id)
        if document is None or document.deleted_at is not None or document.fenced_at is not None:
            raise DocumentNotFound
        if document.restricted_at is not None and not caller.role.includes(Role.OFFICER):
            raise DocumentNotFound
        if not await reachable(uow, caller, [document_id]):
            raise DocumentNotFound
        return document

    async def _views(self, uow: UnitOfWork, caller: Caller, documents: Sequence[Document]) -> list[DocumentView]:
        """Per document its newest version if the caller may read that one, else the live one; none without a key."""
        tenant_id, ids = caller.tenant_id, [document.id for document in documents]
        newest = await uow.versions.newest_of(tenant_id, ids)
        live = await uow.versions.get_many(tenant_id, [d.live_version_id for d in documents if d.live_version_id])
        readers = await uow.documents.readers(tenant_id, ids)
        hidden = await uow.quarantines.hidden(tenant_id, ids)
        keys = await self.keyring.get_many(tenant_id, [version.id for version in [*newest.values(), *live.values()]])
        needles = await open_needles(self.keyring, tenant_id, await uow.erasures.fenced_identifiers(tenant_id))
        views: list[DocumentView] = []
        for document in documents:
            latest, served = newest.get(document.id), live.get(document.live_version_id or "")
            if latest is not None and may_read(caller, latest.readers):
                shown, version = document, latest
            elif served is not None:
                shown, version = replace(document, status=served.status, updated_at=served.updated_at), served
            else:
                continue
            if version.id not in keys:
                continue
            letters: list[DeadLetter] = []
            if shown.status is Status.FAILED:
                letters = await uow.dead_letters.of_version(tenant_id, version.id)
            failure = _shown_failure(caller, keys[version.id], letters[-1]) if letters else None
            if document.id in hidden:
                shown = replace(shown, status=Status.QUARANTINED)
            views.append(_view(shown, version, readers.get(document.id, ()), keys[version.id], failure))
        return [
            each for each in views if not needles.hides(each.title, each.source_uri, *map(str, each.metadata.values()))
        ]


def _view(
    document: Document, version: Version, readers: tuple[Id, ...], key: bytes, failure: Failure | None
) -> DocumentView:
    fields = open_fields(key, version)
    return DocumentView(
        id=document.id,
        status=document.status,
        source_uri=fields.source_uri,
        title=unseal_text(key, Purpose.TITLE, version.sealed_title),
        metadata=fields.metadata,
        readers=readers,
        classification=fields.classification,
        media_type=version.media_type,
        size_bytes=version.size_bytes,
        chunks=version.chunk_count,
        version_id=version.id,
        live_version_id=document.live_version_id,
        created_at=document.created_at,
        updated_at=document.updated_at,
        failure=failure,
        purpose=document.purpose,
        legal_basis=document.legal_basis,
        restricted_at=document.restricted_at,
        restriction_reason=document.restriction_reason,
        expires_at=document.expires_at,
    )


def _shown_failure(caller: Caller, key: bytes, letter: DeadLetter) -> Failure:
    """Only what is wrong with the document itself is told in full: another cause may be a trace of our own code."""
    cause = error_by_code(letter.code)
    failure = open_failure(key, letter)
    if caller.role is Role.ADMIN or issubclass(cause, DocumentError):
        return failure
    return replace(failure, detail=cause.title)


def open_failure(key: bytes, letter: DeadLetter) -> Failure:
    """A dead letter's cause in clear text, for an admin: it may be the trace of an unexpected error."""
    detail = unseal_text(key, Purpose.FAILURE, letter.sealed_detail) if letter.sealed_detail else ""
    return Failure(
        step=letter.step,
        code=letter.code,
        failure_class=letter.failure_class.value,
        detail=detail or error_by_code(letter.code).title,
        attempts=letter.attempts,
    )
