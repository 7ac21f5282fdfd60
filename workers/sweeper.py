"""Starts what the API could not: a dispatch whose workflow was not started within seconds of its commit."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from lethe.errors import LetheError, WorkflowsUnavailable
from lethe.model.operations import Dispatch
from lethe.ports.clock import Clock
from lethe.ports.ledger import Ledger
from workflows.starters import Starters

logger = logging.getLogger("lethe.sweeper")

GRACE: Final = timedelta(seconds=5)
PAUSE_SECONDS: Final = 2.0
PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Runs in every worker process; starting a workflow twice does nothing, so several may run at once."""

    ledger: Ledger
    starters: Starters
    clock: Clock

    async def run(self) -> None:
        """Sweep until cancelled. What fails is tried again at the next round: nothing may end the sweeping for good."""
        while True:
            try:
                await self.sweep()
            except LetheError as error:
                logger.warning("sweep failed", extra={"code": error.code})
            except Exception as error:  # noqa: BLE001
                # Its name only: the text of an unexpected error may quote content.
                logger.warning("sweep failed", extra={"code": type(error).__name__})
            await asyncio.sleep(PAUSE_SECONDS)

    async def sweep(self) -> int:
        """Start what is overdue, page by page; returns how many. One that cannot be started holds up no other."""
        started = 0
        last: Dispatch | None = None
        before = self.clock.now() - GRACE
        while True:
            async with self.ledger.read() as uow:
                overdue = await uow.dispatches.pending(before, PAGE, last)
            for last in overdue:
                started += await self._start(last)
            if len(overdue) < PAGE:
                break
        if started:
            logger.info("swept", extra={"count": started})
        return started

    async def _start(self, dispatch: Dispatch) -> bool:
        try:
            await self.starters.start(dispatch)
        except WorkflowsUnavailable as error:
            logger.warning("not started", extra={"workflow": dispatch.workflow_id, "code": error.code})
            return False
        except Exception as error:  # noqa: BLE001
            logger.warning("not started", extra={"workflow": dispatch.workflow_id, "code": type(error).__name__})
            return False
        async with self.ledger.write() as uow:
            await uow.dispatches.mark(dispatch, self.clock.now())
        return True
