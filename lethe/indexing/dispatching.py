"""Starting what a unit that is committed asks for."""

from contextlib import suppress
from datetime import datetime

from lethe.errors import LedgerUnavailable, WorkflowsUnavailable
from lethe.model.operations import Dispatch
from lethe.ports.ledger import Ledger
from lethe.ports.workflows import WorkflowControl


async def start_committed(control: WorkflowControl, ledger: Ledger, dispatch: Dispatch, at: datetime) -> None:
    """Now, if Temporal answers; else the dispatch is swept."""
    with suppress(WorkflowsUnavailable, LedgerUnavailable):
        await control.start(dispatch)
        async with ledger.write() as uow:
            await uow.dispatches.mark(dispatch, at)
