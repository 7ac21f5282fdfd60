"""What the sender of a bulk ingestion may see of it and do with it."""

from dataclasses import dataclass

from lethe.errors import (
    IngestionClosed,
    IngestionNotFound,
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
from lethe.model.documents import Status
from lethe.model.ids import Id
from lethe.model.ingestions import Ingestion, IngestionState
from lethe.model.principals import Caller, Role
from lethe.ports.clock import Clock
from lethe.ports.keyring import KeyRing
from lethe.ports.ledger import Ledger, PageCursor
from lethe.privacy.erasure.needles import standing_needles


@dataclass(frozen=True, slots=True)
class Ingestions:
    """Bulk ingestions of the caller's tenant: an admin sees all of them, others their own.

    Raises IngestionNotFound for one the caller may not see.
    """

    ledger: Ledger
    keyring: KeyRing
    clock: Clock

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
