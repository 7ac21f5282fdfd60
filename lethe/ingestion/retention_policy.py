"""How long a tenant keeps what, and the runs it asks for."""

from dataclasses import dataclass

from lethe.errors import RetentionRunNotFound
from lethe.ingestion.retaining import Days, effective
from lethe.model.ids import Id
from lethe.model.operations import Dispatch, DispatchKind
from lethe.model.principals import Caller
from lethe.model.retention import (
    RetentionCount,
    RetentionPolicy,
    RetentionRun,
    RetentionState,
    RetentionTrigger,
)
from lethe.model.workflow_ids import dispatch_id
from lethe.ports.clock import Clock
from lethe.ports.ledger import Ledger, PageCursor
from lethe.settings import RetentionSettings


@dataclass(frozen=True, slots=True)
class RetentionRules:
    """Of the caller's tenant, which must be an admin of it."""

    ledger: Ledger
    clock: Clock
    settings: RetentionSettings

    async def get(self, caller: Caller) -> tuple[RetentionPolicy, Days]:
        """What the tenant said, and what is in force."""
        async with self.ledger.read() as uow:
            policy = await uow.retention.policy(caller.tenant_id)
        return policy, effective(policy, self.settings)

    async def put(self, caller: Caller, wish: RetentionPolicy) -> tuple[RetentionPolicy, Days]:
        """From the next run on. Nothing is removed by saying so."""
        async with self.ledger.write() as uow:
            await uow.tenants.lock(caller.tenant_id)
            await uow.retention.put_policy(wish)
        return wish, effective(wish, self.settings)

    async def order(self, caller: Caller, run_id: Id, *, dry_run: bool) -> RetentionRun:
        """Store a run with its dispatch; one that was stored before stays as it is."""
        tenant_id, now = caller.tenant_id, self.clock.now()
        run = RetentionRun(tenant_id, run_id, RetentionState.RUNNING, RetentionTrigger.REQUEST, dry_run, now)
        kind = DispatchKind.APPLY_RETENTION
        async with self.ledger.write() as uow:
            made = await uow.retention.run(tenant_id, run_id)
            if made is None:
                await uow.retention.add_run(run)
                await uow.dispatches.add(Dispatch(tenant_id, dispatch_id(kind, tenant_id, run_id), kind, run_id, now))
        return made or run

    async def run(self, caller: Caller, run_id: Id) -> tuple[RetentionRun, list[RetentionCount]]:
        """Raises RetentionRunNotFound."""
        async with self.ledger.read() as uow:
            run = await uow.retention.run(caller.tenant_id, run_id)
            counts = await uow.retention.counts(caller.tenant_id, [run_id])
        if run is None:
            raise RetentionRunNotFound
        return run, counts

    async def page(
        self, caller: Caller, after: PageCursor | None, limit: int
    ) -> list[tuple[RetentionRun, list[RetentionCount]]]:
        """Runs, newest first, each with what it found."""
        async with self.ledger.read() as uow:
            runs = await uow.retention.runs(caller.tenant_id, after, limit)
            counts = await uow.retention.counts(caller.tenant_id, [run.id for run in runs])
        return [(run, [each for each in counts if each.run_id == run.id]) for run in runs]
