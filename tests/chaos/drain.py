"""After the last fault: everything serves again, and whatever is under way comes to its end."""

import asyncio
import time
from dataclasses import dataclass

from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from tests.chaos.book import Book
from tests.chaos.gauge import Gauge
from tests.chaos.installation import Installation

_NEEDS_ATTENTION = "needs_attention"
_TIDY_UP = "tidy-up"
_ROUND_SECONDS = 2.0
_TIDY_EVERY = 10


@dataclass(slots=True)
class Drain:
    """Waits as an operator would: what waits for a person is told to try again."""

    installation: Installation
    book: Book
    gauge: Gauge

    async def run(self, seconds: float) -> dict[str, str]:
        """Return the workflows that are still open in the end, by id; none, if all is well."""
        deadline = time.monotonic() + seconds
        client = await self.installation.temporal()
        rounds = 0
        while True:
            workflows = await self.installation.open_workflows()
            left = await self.gauge.now()
            if not workflows and not left:
                # Visibility lags behind the ledger by a moment, and the ledger behind visibility: look twice.
                await asyncio.sleep(_ROUND_SECONDS)
                if not await self.installation.open_workflows() and not await self.gauge.now():
                    return {}
            if time.monotonic() > deadline:
                return workflows
            for workflow_id, state in workflows.items():
                if state == _NEEDS_ATTENTION:
                    await self._retry(client, workflow_id)
            if rounds % _TIDY_EVERY == _TIDY_EVERY - 1:
                await self._tidy(client)
            rounds += 1
            await asyncio.sleep(_ROUND_SECONDS)

    async def _retry(self, client: Client, workflow_id: str) -> None:
        try:
            await client.get_workflow_handle(workflow_id).execute_update("resolve", "retry")
            self.book.counts["resolved"] += 1
        except (WorkflowUpdateFailedError, RPCError):
            self.book.counts["resolve_too_late"] += 1

    async def _tidy(self, client: Client) -> None:
        """Run the schedule that removes uploads whose sender or API process died."""
        try:
            await client.get_schedule_handle(_TIDY_UP).trigger()
        except (WorkflowAlreadyStartedError, RPCError):
            self.book.counts["tidy_up_refused"] += 1
