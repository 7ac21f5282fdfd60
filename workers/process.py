"""A worker process: its queues, its sweeper, its metrics."""

import logging
import os
from collections.abc import Awaitable, Callable

from prometheus_client import start_http_server
from temporalio.client import Client

from lethe.errors import LetheError
from lethe.ingestion.sync.overdue import OverdueSources
from lethe.settings import Settings
from workers.backlog import Backlog
from workers.failpoints import Failpoint
from workers.interceptors import ActivityGuard
from workers.keeper import Keeper
from workers.runner import queue_worker, run_until_stopped
from workers.sweeper import Sweeper
from workers.temporal import connect, ensure_search_attributes
from workers.wiring import WorkerParts, ingestion_parts
from workflows import schedules
from workflows.histories import Histories
from workflows.policies import Queue
from workflows.source_schedules import SourceSchedules
from workflows.starters import Starters

logger = logging.getLogger("lethe.worker")


async def run(settings: Settings) -> None:
    """Run the configured queues until told to stop. Without Temporal it waits: not ready, no metrics yet."""
    os.nice(settings.worker.niceness)

    async def prepare(client: Client) -> None:
        await ensure_search_attributes(client)
        await schedules.ensure(client, settings)

    client = await connect(settings, prepare)
    starters = Starters(client)
    async with ingestion_parts(settings, starters, Histories(client), SourceSchedules(lambda: client)) as parts:
        guard = ActivityGuard(Failpoint.from_settings(settings.testing), parts.journal)
        workers = [
            queue_worker(client, settings, queue, parts.activities[queue], [guard])
            for queue in (Queue(name) for name in settings.worker.queues)
        ]
        start_http_server(settings.worker.metrics_port, settings.worker.metrics_host)
        logger.info("worker ready", extra={"count": len(workers)})
        sweeper = Sweeper(parts.ledger, starters, parts.clock)
        keeper = Keeper(parts.ledger, parts.keyword_builds, parts.clock, settings.limits.question_seconds)
        overdue = OverdueSources(parts.ledger, parts.clock, settings.sync.overdue_check_seconds)
        jobs = [sweeper.run, keeper.run, overdue.run, Backlog(client).run, parts.warm_up, _looking(parts)]
        await run_until_stopped(workers, jobs)


def _looking(parts: WorkerParts) -> Callable[[], Awaitable[None]]:
    """Whether what certified erasures removed is still nowhere: a start may follow a restore, migration or resync."""

    async def look() -> None:
        try:
            reopened = await parts.check_erasures()
        except LetheError as error:
            # It is looked for again by the clock, and at the next start.
            logger.warning("erasures not checked", extra={"code": error.code})
            return
        if reopened:
            logger.error("erasures reopened", extra={"count": reopened})

    return look
