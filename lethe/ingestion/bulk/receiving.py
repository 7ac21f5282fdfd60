"""Taking documents in for a bulk ingestion, and what its sender may do with it."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from lethe.errors import (
    ClientError,
    DocumentConflict,
    DocumentError,
    IngestionClosed,
    IngestionNotFound,
    LedgerConflict,
    LetheError,
)
from lethe.ingestion.metadata import IN_FLIGHT
from lethe.ingestion.planning import require_taking
from lethe.ingestion.removal import blob_prefix
from lethe.ingestion.requests import Outcome, UploadRequest
from lethe.ingestion.uploads import Uploads
from lethe.model.documents import Status
from lethe.model.ids import Id, new_id
from lethe.model.ingestions import Ingestion, IngestionState, Refusal, Taking
from lethe.model.operations import Dispatch, DispatchKind
from lethe.model.principals import Caller, Role
from lethe.model.workflow_ids import dispatch_id
from lethe.ports.clock import Clock
from lethe.ports.keyring import KeyRing
from lethe.ports.ledger import Ledger, PageCursor
from lethe.privacy.sealing import Purpose, seal_json, seal_stream, seal_text, unseal_text

ARCHIVE = "archive"


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one document of an ingestion: an outcome, or the code it was refused with."""

    name: str
    document_id: Id | None
    version_id: Id | None
    outcome: Outcome | None
    code: str = ""


@dataclass(frozen=True, slots=True)
class IngestionView:
    """An ingestion as its sender sees it. ``total`` = ``done`` + what is under way; ``rate`` is per second so far.

    ``lost`` documents were overtaken by a later submission, deleted, or discarded.
    """

    id: Id
    state: str
    is_open: bool
    window: int
    total: int
    done: int
    added: int
    updated: int
    skipped: int
    failed: int
    lost: int
    rate: float
    created_at: datetime
    closed_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class ItemView:
    """A document of an ingestion: one with a version, or one that was refused and has only a name and a code."""

    position: int | None
    document_id: Id | None
    version_id: Id | None
    status: str
    code: str
    name: str


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
    ) -> Taken:
        """Take one document in. What is wrong with it is kept as a refusal; what is wrong with us is raised.

        ``item_id``: what is made of it is called so; the same again, after a broken off sending, meets it.
        """
        try:
            receipt = await self.uploads.receive(caller, request, data, Taking(ingestion_id), document_id=item_id)
        except (IngestionClosed, IngestionNotFound):
            raise
        except (ClientError, DocumentError) as error:
            return await self._refuse(caller.tenant_id, Taking(ingestion_id), request.filename, error, item_id)
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
        except DocumentConflict as error:
            # Another attempt at the archive, or a deletion, removed the version: that says nothing of the file.
            raise LedgerConflict from error
        except (ClientError, DocumentError) as error:
            await self.refuse_entry(ingestion, request.filename, error, entry)

    async def refuse_entry(self, ingestion: Ingestion, name: str, error: LetheError, entry: int) -> None:
        """Keep that an entry of the archive was refused. Raises IngestionClosed."""
        await self._refuse(ingestion.tenant_id, Taking(ingestion.id, entry), name, error)

    async def _refuse(
        self, tenant_id: Id, taking: Taking, name: str, error: LetheError, item_id: Id | None = None
    ) -> Taken:
        key = await self.keyring.get(tenant_id, taking.ingestion_id)
        sealed = seal_text(key, Purpose.REFUSED_NAME, name)
        refusal = Refusal(tenant_id, taking.ingestion_id, item_id or new_id(), error.code, sealed, self.clock.now())
        async with self.ledger.write() as uow:
            await uow.tenants.lock(tenant_id)
            if taking.entry:
                await require_taking(uow, tenant_id, taking)
            await uow.ingestions.refuse(refusal, taking.entry)
        return Taken(name, None, None, None, error.code)

    async def keep_archive(self, caller: Caller, ingestion_id: Id, data: AsyncIterator[bytes]) -> None:
        """Store an archive, sealed, to be unpacked by the workflow. Raises IngestionClosed; then nothing remains."""
        key = await self.keyring.get(caller.tenant_id, ingestion_id)
        place = blob_prefix(caller.tenant_id, ingestion_id) + ARCHIVE
        await self.uploads.blobs.write(place, seal_stream(key, Purpose.ARCHIVE, data))
        async with self.ledger.write() as uow:
            await uow.tenants.lock(caller.tenant_id)
            ingestion = await uow.ingestions.get(caller.tenant_id, ingestion_id)
            is_open = ingestion is not None and ingestion.is_open
            if is_open:
                await uow.ingestions.set_archive(caller.tenant_id, ingestion_id, place)
        if not is_open:
            await self.uploads.blobs.delete_prefix(blob_prefix(caller.tenant_id, ingestion_id))
            raise IngestionClosed

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
        """Newest first; may hold fewer than ``limit`` for a caller that does not see all."""
        async with self.ledger.read() as uow:
            found = await uow.ingestions.page(caller.tenant_id, after, limit)
        return [await self._view(each) for each in found if _may_see(caller, each)]

    async def items(
        self, caller: Caller, ingestion_id: Id, status: Status | None, after: int, limit: int
    ) -> list[ItemView]:
        """Documents with versions, by position. Those of a status, or all."""
        await self._visible(caller, ingestion_id)
        statuses = {status} if status else set(Status)
        async with self.ledger.read() as uow:
            versions = await uow.versions.of_ingestion(caller.tenant_id, ingestion_id, statuses, after, limit)
            codes: dict[Id, str] = {}
            for version in versions:
                if version.status is Status.FAILED:
                    letters = await uow.dead_letters.of_version(caller.tenant_id, version.id)
                    codes[version.id] = letters[-1].code if letters else ""
        keys = await self.keyring.get_many(caller.tenant_id, [version.id for version in versions])
        return [
            ItemView(
                v.position,
                v.document_id,
                v.id,
                v.status.value,
                codes.get(v.id, ""),
                unseal_text(keys[v.id], Purpose.SOURCE_URI, v.sealed_source_uri) if v.id in keys else "",
            )
            for v in versions
        ]

    async def refused(self, caller: Caller, ingestion_id: Id, limit: int) -> list[ItemView]:
        """The first documents that left no version."""
        await self._visible(caller, ingestion_id)
        async with self.ledger.read() as uow:
            found = await uow.ingestions.refusals(caller.tenant_id, ingestion_id, None, limit)
        keys = await self.keyring.get_many(caller.tenant_id, [ingestion_id])
        key = keys.get(ingestion_id)
        return [
            ItemView(
                None,
                None,
                None,
                "refused",
                each.code,
                unseal_text(key, Purpose.REFUSED_NAME, each.sealed_name) if key else "",
            )
            for each in found
        ]

    async def _visible(self, caller: Caller, ingestion_id: Id) -> Ingestion:
        async with self.ledger.read() as uow:
            found = await uow.ingestions.get(caller.tenant_id, ingestion_id)
        if found is None or not _may_see(caller, found):
            raise IngestionNotFound
        return found

    async def _view(self, ingestion: Ingestion) -> IngestionView:
        async with self.ledger.read() as uow:
            counts = await uow.versions.counts_of_ingestion(ingestion.tenant_id, ingestion.id)
        waiting = sum(number for status, number in counts.items() if status in IN_FLIGHT)
        failed = counts.get(Status.FAILED, 0)
        total = ingestion.given + ingestion.skipped + ingestion.refused
        done = total - waiting
        is_open = ingestion.is_open
        seconds = ((ingestion.ended_at or self.clock.now()) - ingestion.created_at).total_seconds()
        return IngestionView(
            id=ingestion.id,
            state="open" if is_open and ingestion.state is IngestionState.RUNNING else ingestion.state.value,
            is_open=is_open,
            window=ingestion.batch_window,
            total=total,
            done=done,
            added=ingestion.added,
            updated=ingestion.updated,
            skipped=ingestion.skipped,
            failed=failed + ingestion.refused,
            lost=max(0, ingestion.given - ingestion.added - ingestion.updated - waiting - failed),
            rate=round(done / seconds, 2) if seconds > 0 else 0.0,
            created_at=ingestion.created_at,
            closed_at=ingestion.closed_at,
            ended_at=ingestion.ended_at,
        )


def _may_see(caller: Caller, ingestion: Ingestion) -> bool:
    return caller.role is Role.ADMIN or caller.principal_id == ingestion.principal_id
