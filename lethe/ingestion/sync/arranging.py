"""A source's schedule as its row says."""

from lethe.contracts.sync import SourceRef
from lethe.model.syncs import SourceState
from lethe.ports.ledger import Ledger
from lethe.ports.schedules import Schedules


async def arrange(ledger: Ledger, schedules: Schedules, ref: SourceRef) -> None:
    """Have it synced when it says, or not any more. May be repeated."""
    async with ledger.read() as uow:
        source = await uow.sources.get(ref.tenant_id, ref.source_id)
    timing = source.timing if source is not None and source.state is SourceState.ACTIVE else None
    if source is None or timing is None:
        await schedules.remove(ref.tenant_id, ref.source_id)
    else:
        await schedules.ensure(ref.tenant_id, ref.source_id, timing, source.paused_by)
