"""Taking documents in for a bulk ingestion, and what its sender may do with it."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from lethe.errors import (
    ArchiveChanged,
    ClientError,
    DocumentConflict,
    DocumentError,
    IngestionClosed,
    IngestionNotFound,
    KeyDestroyed,
    LedgerConflict,
    LetheError,
    SourceAddressRefused,
    SubjectSuppressed,
)
from lethe.ingestion.bulk.views import (
    IngestionView,
    ItemPage,
    failure_codes,
    item_view,
    readable_versions,
    refused_view,
    view_of,
)
from lethe.ingestion.measuring import Digested
from lethe.ingestion.planning import require_taking
from lethe.ingestion.requests import Outcome, UploadRequest
from lethe.ingestion.uploads import Uploads
from lethe.model.blobs import archive_key
from lethe.model.documents import Status
from lethe.model.ids import Id, new_id
from lethe.model.ingestions import Ingestion, IngestionState, Refusal, Taking
from lethe.model.operations import Dispatch, DispatchKind
from lethe.model.principals import Caller, Role
from lethe.model.workflow_ids import dispatch_id
from lethe.ports.clock import Clock
from lethe.ports.keyring import KeyRing, SecretPurpose
from lethe.ports.ledger import Ledger, PageCursor
from lethe.privacy.digests import keyed_digest
from lethe.privacy.erasure.needles import standing_needles
from lethe.privacy.sealing import Purpose, seal_json, seal_stream, seal_text


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one document of an ingestion: an outcome, or the code it was refused with."""

    name: str
    document_id: Id | None
    version_id: Id | None
    outcome: Outcome | None
    code: str = ""


@dataclass(frozen=True, slots=True)
class Ingestions:
    """Bulk ingestions of the caller's tenant: an admin sees all of them, others their own.

    Raises IngestionNotFound for one the caller may not see.
    """

    ledger: Ledger
    keyring: KeyRing
    uploads: Uploads
    clock: Clock

    async def start(
        self,
        caller: Caller,
        window: int,
        options: Mapping[str, object] | None = None,
        ingestion_id: Id | None = None,
    ) -> Ingestion:
        """An open ingestion and its dispatch. ``options`` are kept, sealed, for the entries of an archive.

        ``ingestion_id``: one that an earlier, broken off sending of the request began is gone on with, if it is open.
        """
        ingestion_id = ingestion_id or new_id()
        async with self.ledger.read() as uow:
            begun = await uow.ingestions.get(caller.tenant_id, ingestion_id)
        if begun is not None:
            if begun.is_open:
                return begun
            ingestion_id = new_id()
        now = self.clock.now()
        key = await self.keyring.create(caller.tenant_id, ingestion_id)
        ingestion = Ingestion(
            tenant_id=caller.tenant_id,
            id=ingestion_id,
            principal_id=caller.principal_id,
            role=caller.role,
            groups=tuple(sorted(caller.groups)),
            state=IngestionState.RUNNING,
            batch_window=window,
            created_at=now,
            updated_at=now,
            sealed_options=b"" if options is None else seal_json(key, Purpose.OPTIONS, dict(options)),
        )
        kind = DispatchKind.INGEST_BULK
        workflow_id = dispatch_id(kind, caller.tenant_id, ingestion_id)
        async with self.ledger.write() as uow:
            await uow.ingestions.add(ingestion)
            await uow.dispatches.add(Dispatch(caller.tenant_id, workflow_id, kind, ingestion_id, now))
        return ingestion

    async def take(
        self,
        caller: Caller,
        ingestion_id: Id,
        request: UploadRequest,
        data: AsyncIterator[bytes],
        item_id: Id | None = None,
        source_id: Id | None = None,
    ) -> Taken:
        """Take one document in. What is wrong with it is kept as a refusal; what is wrong with us is raised.

        ``item_id``: what is made of it is called so; the same again, after a broken off sending, meets it.
        ``source_id``: the source it is taken from; then what says nothing of the bytes is raised too: LedgerConflict
        if it is to be tried again, SourceAddressRefused.
        """
        try:
            taking = Taking(ingestion_id, item_id=item_id, source_id=source_id)
            receipt = await self.uploads.receive(caller, request, data, taking, document_id=item_id)
        except (IngestionClosed, IngestionNotFound, SourceAddressRefused):
            raise
        except (ClientError, DocumentError, KeyDestroyed) as error:
            if source_id and isinstance(error, (DocumentConflict, KeyDestroyed)):
                raise LedgerConflict from error
            if isinstance(error, KeyDestroyed):
                raise
            return await self.refuse_item(caller.tenant_id, ingestion_id, request.filename, error, item_id)
        return Taken(request.filename, receipt.document_id, receipt.version_id, receipt.outcome)

    async def take_entry(
        self, ingestion: Ingestion, request: UploadRequest, data: AsyncIterator[bytes], entry: int
    ) -> None:
        """As `take`, for an entry of the ingestion's archive, each of which is taken or refused once.

        Raises IngestionClosed, also for an entry that was taken, and LedgerConflict if it is to be tried again.
        """
        try:
            await self.uploads.receive(ingestion.caller, request, data, Taking(ingestion.id, entry))
        except (IngestionClosed, IngestionNotFound):
            raise
        except (DocumentConflict, KeyDestroyed) as error:
            # Another attempt at the archive, or a deletion, removed the version: that says nothing of the file.
            raise LedgerConflict from error
        except (ClientError, DocumentError) as error:
            await self.refuse_entry(ingestion, request.filename, error, entry)

    async def refuse_item(
        self, tenant_id: Id, ingestion_id: Id, name: str, error: LetheError, item_id: Id | None = None
    ) -> Taken:
        """Keep that a document was refused, before or while it was taken."""
        return await self._refuse(tenant_id, Taking(ingestion_id), name, error, item_id)

    async def refuse_entry(self, ingestion: Ingestion, name: str, error: LetheError, entry: int) -> None:
        """Keep that an entry of the archive was refused. Raises IngestionClosed."""
        await self._refuse(ingestion.tenant_id, Taking(ingestion.id, entry), name, error)

    async def _refuse(
        self, tenant_id: Id, taking: Taking, name: str, error: LetheError, item_id: Id | None = None
    ) -> Taken:
        key = (await self.keyring.get_many(tenant_id, [taking.ingestion_id])).get(taking.ingestion_id)
        # A file may be named after whoever must not come back.
        said = "" if isinstance(error, SubjectSuppressed) else name
        sealed = b"" if key is None else seal_text(key, Purpose.REFUSED_NAME, said)
        refusal = Refusal(tenant_id, taking.ingestion_id, item_id or new_id(), error.code, sealed, self.clock.now())
        async with self.ledger.write() as uow:
            await uow.tenants.lock(tenant_id)
            if taking.entry:
                await require_taking(uow, tenant_id, taking)
            await uow.ingestions.refuse(refusal, taking.entry)
        return Taken(name, None, None, None, error.code)

    async def keep_archive(self, caller: Caller, ingestion_id: Id, data: AsyncIterator[bytes]) -> None:
        """Store an archive, sealed, to be unpacked by the workflow; the same one again changes nothing.

        Raises IngestionClosed, and ArchiveChanged if the ingestion was given another one; then nothing of it remains.
        """
        tenant_id, digested = caller.tenant_id, Digested()
        key = await self.keyring.get(tenant_id, ingestion_id)
        digest_key = await self.keyring.secret(tenant_id, SecretPurpose.DIGEST)
        place = archive_key(tenant_id, ingestion_id, new_id())
        await self.uploads.blobs.write(place, seal_stream(key, Purpose.ARCHIVE, digested.over(data)))
        archive_hmac = keyed_digest(digest_key, "archive", digested.sha256)
        async with self.ledger.write() as uow:
            await uow.tenants.lock(tenant_id)
            ingestion = await uow.ingestions.get(tenant_id, ingestion_id)
            is_first = ingestion is not None and ingestion.is_open and not ingestion.archive_hmac
            if is_first:
                await uow.ingestions.set_archive(tenant_id, ingestion_id, place, archive_hmac)
        if is_first:
            return
        await self.uploads.blobs.delete_prefix(place)
        if ingestion is None or not ingestion.is_open:
            raise IngestionClosed
        if ingestion.archive_hmac != archive_hmac:
            # Its files would be numbered as those of the first one, and be taken for them.
            raise ArchiveChanged(f"Ingestion {ingestion_id} was given another archive.")

    async def close(self, caller: Caller, ingestion_id: Id) -> IngestionView:
        """No more documents come."""
        await self._visible(caller, ingestion_id)
        async with self.ledger.write() as uow:
            await uow.tenants.lock(caller.tenant_id)
            await uow.ingestions.close(caller.tenant_id, ingestion_id, self.clock.now())
        return await self.get(caller, ingestion_id)

    async def set_state(self, caller: Caller, ingestion_id: Id, state: IngestionState) -> IngestionView:
        """Pause, resume or cancel. Raises IngestionClosed if it has ended another way."""
        found = await self._visible(caller, ingestion_id)
        if found.state.is_final and found.state is not state:
            raise IngestionClosed
        async with self.ledger.write() as uow:
            await uow.tenants.lock(caller.tenant_id)
            await uow.ingestions.set_state(caller.tenant_id, ingestion_id, state, self.clock.now())
        return await self.get(caller, ingestion_id)

    async def set_window(self, caller: Caller, ingestion_id: Id, window: int) -> IngestionView:
        """How many batches may run at once from now on."""
        await self._visible(caller, ingestion_id)
        async with self.ledger.write() as uow:
            await uow.ingestions.set_window(caller.tenant_id, ingestion_id, window, self.clock.now())
        return await self.get(caller, ingestion_id)

    async def require_open(self, caller: Caller, ingestion_id: Id) -> Ingestion:
        """Raises IngestionClosed if it takes no more documents."""
        found = await self._visible(caller, ingestion_id)
        if not found.is_open:
            raise IngestionClosed
        return found

    async def get(self, caller: Caller, ingestion_id: Id) -> IngestionView:
        return await self._view(await self._visible(caller, ingestion_id))

    async def page(self, caller: Caller, after: PageCursor | None, limit: int) -> list[IngestionView]:
        """Newest first."""
        principal_id = None if caller.role is Role.ADMIN else caller.principal_id
        async with self.ledger.read() as uow:
            found = await uow.ingestions.page(caller.tenant_id, after, limit, principal_id)
        return [await self._view(each) for each in found]

    async def items(
        self, caller: Caller, ingestion_id: Id, status: Status | None, after: int, limit: int
    ) -> ItemPage[int]:
        """Documents with versions, by position, from at most ``limit`` of them. Those of a status, or all."""
        await self._visible(caller, ingestion_id)
        statuses = {status} if status else set(Status)
        async with self.ledger.read() as uow:
            rows = await uow.versions.of_ingestion(caller.tenant_id, ingestion_id, statuses, after, limit + 1)
            shown = await readable_versions(uow, caller, rows[:limit])
            codes = await failure_codes(uow, shown)
        keys = await self.keyring.get_many(caller.tenant_id, [version.id for version in shown])
        needles = await standing_needles(self.ledger, self.keyring, caller.tenant_id)
        views = tuple(item_view(version, codes.get(version.id, ""), keys).without(needles) for version in shown)
        return ItemPage(views, rows[limit - 1].position if len(rows) > limit else None)

    async def refused(
        self, caller: Caller, ingestion_id: Id, after: PageCursor | None, limit: int
    ) -> ItemPage[PageCursor]:
        """Documents that left no version, the last ones first."""
        await self._visible(caller, ingestion_id)
        async with self.ledger.read() as uow:
            rows = await uow.ingestions.refusals(caller.tenant_id, ingestion_id, after, limit + 1)
        key = (await self.keyring.get_many(caller.tenant_id, [ingestion_id])).get(ingestion_id)
        last = rows[limit - 1] if len(rows) > limit else None
        needles = await standing_needles(self.ledger, self.keyring, caller.tenant_id)
        views = tuple(refused_view(refusal, key).without(needles) for refusal in rows[:limit])
        return ItemPage(views, PageCursor(last.created_at, last.id) if last else None)

    async def _visible(self, caller: Caller, ingestion_id: Id) -> Ingestion:
        async with self.ledger.read() as uow:
            found = await uow.ingestions.get(caller.tenant_id, ingestion_id)
        if found is None or not _may_see(caller, found):
            raise IngestionNotFound
        return found

    async def _view(self, ingestion: Ingestion) -> IngestionView:
        """Of one moment: what a batch settles between two reads would be neither waiting nor added."""
        async with self.ledger.read() as uow:
            now = await uow.ingestions.get(ingestion.tenant_id, ingestion.id)
            counts = await uow.versions.counts_of_ingestion(ingestion.tenant_id, ingestion.id)
        return view_of(now or ingestion, counts, self.clock.now())


def _may_see(caller: Caller, ingestion: Ingestion) -> bool:
    return caller.role is Role.ADMIN or caller.principal_id == ingestion.principal_id
