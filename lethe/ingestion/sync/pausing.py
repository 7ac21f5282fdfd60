"""Pausing a source's schedule. The row says who has; Temporal is brought to that, now and with every later change."""

from dataclasses import dataclass, replace

from lethe.contracts.sync import SourceRef
from lethe.errors import ScheduleNotFound
from lethe.ingestion.sync.arranging import arrange
from lethe.ingestion.sync.ordering import active_source, dispatch_of
from lethe.model.ids import Id
from lethe.model.operations import DispatchKind
from lethe.model.principals import Caller
from lethe.model.schedules import ScheduleView
from lethe.ports.clock import Clock
from lethe.ports.ledger import Ledger
from lethe.ports.schedules import Schedules


@dataclass(frozen=True, slots=True)
class Pauses:
    """Raises SourceNotFound, SourceDeleting, ScheduleNotFound for a source without one; WorkflowsUnavailable where
    Temporal does not answer: then what was said is done as soon as it does.
    """

    ledger: Ledger
    schedules: Schedules
    clock: Clock

    async def pause(self, caller: Caller, source_id: Id) -> None:
        """Start nothing by it until it is resumed; what runs goes on. Temporal is told by `shown`."""
        await self._say(caller, source_id, caller.principal_id)

    async def resume(self, caller: Caller, source_id: Id) -> None:
        """Go on, whoever paused it: also an operator, in Temporal. What Temporal lacks is made."""
        await self._say(caller, source_id, None)
        try:
            await self.schedules.resume(caller.tenant_id, source_id, caller.principal_id)
        except ScheduleNotFound:
            await self._arrange(caller, source_id)

    async def shown(self, caller: Caller, source_id: Id) -> ScheduleView:
        """As it stands, once Temporal has been told what the ledger says of it."""
        await self._arrange(caller, source_id)
        found = await self.schedules.of_sources(caller.tenant_id, [source_id])
        if not found:
            raise ScheduleNotFound
        return found[0]

    async def _arrange(self, caller: Caller, source_id: Id) -> None:
        await arrange(self.ledger, self.schedules, SourceRef(tenant_id=caller.tenant_id, source_id=source_id))

    async def _say(self, caller: Caller, source_id: Id, paused_by: Id | None) -> None:
        async with self.ledger.write() as uow:
            await uow.tenants.lock(caller.tenant_id)
            source = await active_source(uow, caller, source_id)
            if source.timing is None:
                raise ScheduleNotFound
            await uow.sources.update(replace(source, paused_by=paused_by))
            # What is arranged just now may not know yet, and be the last to tell Temporal: it is told once more.
            await uow.dispatches.renew(dispatch_of(DispatchKind.ARRANGE_SOURCE, source, self.clock.now()))
