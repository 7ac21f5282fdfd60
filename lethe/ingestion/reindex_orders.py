"""Rounds that a tenant asks for, which make versions anew."""

from collections.abc import Collection
from dataclasses import dataclass

from lethe.errors import ReindexNotFound
from lethe.model.ids import Id
from lethe.model.operations import Dispatch, DispatchKind
from lethe.model.principals import Caller
from lethe.model.reindexing import Reindex, ReindexReason, ReindexState
from lethe.model.workflow_ids import dispatch_id
from lethe.ports.clock import Clock
from lethe.ports.ledger import Ledger, PageCursor


@dataclass(frozen=True, slots=True)
class ReindexOrders:
    """Of the caller's tenant, which must be an admin of it."""

    ledger: Ledger
    clock: Clock

    async def order(
        self, caller: Caller, reindex_id: Id, reasons: Collection[ReindexReason], *, dry_run: bool
    ) -> Reindex:
        """Store a round with its dispatch; one that was stored before stays as it is."""
        tenant_id, now, kind = caller.tenant_id, self.clock.now(), DispatchKind.REINDEX_TENANT
        wanted = tuple(sorted(reasons or ReindexReason))
        reindex = Reindex(tenant_id, reindex_id, ReindexState.RUNNING, dry_run, wanted, now)
        async with self.ledger.write() as uow:
            made = await uow.reindexes.get(tenant_id, reindex_id)
            if made is None:
                await uow.reindexes.add(reindex)
                workflow_id = dispatch_id(kind, tenant_id, reindex_id)
                await uow.dispatches.add(Dispatch(tenant_id, workflow_id, kind, reindex_id, now))
        return made or reindex

    async def get(self, caller: Caller, reindex_id: Id) -> Reindex:
        """Raises ReindexNotFound."""
        async with self.ledger.read() as uow:
            reindex = await uow.reindexes.get(caller.tenant_id, reindex_id)
        if reindex is None:
            raise ReindexNotFound
        return reindex

    async def page(self, caller: Caller, after: PageCursor | None, limit: int) -> list[Reindex]:
        """Newest first."""
        async with self.ledger.read() as uow:
            return await uow.reindexes.page(caller.tenant_id, after, limit)
