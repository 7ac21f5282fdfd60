"""Building Temporal workers and running them until they are told to stop."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.worker import Interceptor, UnsandboxedWorkflowRunner, Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from lethe.settings import Settings
from workers.heartbeats import HeartbeatTimeout
from workflows.answering import AnswerQuestion
from workflows.audit import AuditAll, AuditTenant
from workflows.bulk import IngestBulk
from workflows.documents import ApplyMetadata, DeleteDocument
from workflows.erasure import EraseSubject
from workflows.index_builds import BuildIndex, RebuildIndex
from workflows.ingestion import IngestDocument
from workflows.letters import DiscardVersion, ResolveLetters
from workflows.maintenance import TidyUp
from workflows.migrations import MigrateEmbeddings
from workflows.policies import Queue
from workflows.probes import ProbeAll, ProbeEmbeddings
from workflows.rechecks import RecheckErasure, RecheckErasures
from workflows.reindexing import ReindexTenant
from workflows.retention import ApplyRetention, RetainAll
from workflows.selection import ApplySelection
from workflows.sync import SyncSource
from workflows.sync_schedules import ArrangeSource, SyncOnSchedule
from workflows.webhooks import DeliverWebhook

WORKFLOWS: Sequence[type] = (
    IngestDocument,
    IngestBulk,
    ApplyMetadata,
    DeleteDocument,
    DiscardVersion,
    ResolveLetters,
    DeliverWebhook,
    TidyUp,
    AuditTenant,
    BuildIndex,
    RebuildIndex,
    MigrateEmbeddings,
    AuditAll,
    ApplySelection,
    ApplyRetention,
    RetainAll,
    ProbeEmbeddings,
    ProbeAll,
    SyncSource,
    SyncOnSchedule,
    ArrangeSource,
    EraseSubject,
    RecheckErasure,
    RecheckErasures,
    ReindexTenant,
)
"""Everything but questions: those run only where the API is."""

BEAT_AT_LEAST = timedelta(seconds=1)
"""How often a turn's beat reaches the server, whatever its timeout."""

ACTIVITY_PACKAGES = ("activities", "lethe", "pydantic", "pydantic_core", "numpy", "cryptography", "prometheus_client")


def sandbox() -> SandboxedWorkflowRunner:
    """The sandbox; our own modules are passed through, which saves loading them for each workflow."""
    return SandboxedWorkflowRunner(
        restrictions=SandboxRestrictions.default.with_passthrough_modules(*ACTIVITY_PACKAGES)
    )


def query_worker(
    client: Client, settings: Settings, activities: Sequence[Callable[..., Any]], interceptors: Sequence[Interceptor]
) -> Worker:
    """The worker for questions, embedded in the API process so that their workflows start eagerly.

    Without the sandbox: somebody waits, and it enters one anew for every payload. Their workflow is held to it by every
    test and replay (docs/decisions/0008-step-sizes.md).
    """
    return Worker(
        client,
        task_queue=Queue.QUERY,
        workflows=[AnswerQuestion],
        activities=activities,
        interceptors=interceptors,
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_concurrent_activities=settings.api.max_in_flight_questions * 2,
        max_concurrent_local_activities=settings.api.max_in_flight_questions * 2,
        graceful_shutdown_timeout=timedelta(seconds=settings.temporal.graceful_shutdown_seconds),
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=settings.temporal.sticky_seconds),
        # By itself the SDK holds a beat back for 0.8 of the timeout, which leaves TURN_HEARTBEAT one second.
        max_heartbeat_throttle_interval=BEAT_AT_LEAST,
        default_heartbeat_throttle_interval=BEAT_AT_LEAST,
    )


def queue_worker(
    client: Client,
    settings: Settings,
    queue: Queue,
    activities: Sequence[Callable[..., Any]],
    interceptors: Sequence[Interceptor],
) -> Worker:
    """The worker of one queue. Workflows run on `control`; `cpu` takes as many activities as it has slots."""
    own_slots = {
        Queue.CPU: settings.worker.cpu_slots,
        Queue.EMBED: settings.worker.embed_slots,
        Queue.BULK: settings.worker.bulk_slots,
        Queue.WEBHOOKS: settings.worker.webhook_slots,
    }
    return Worker(
        client,
        task_queue=queue,
        workflows=WORKFLOWS if queue is Queue.CONTROL else [],
        activities=activities,
        interceptors=[*interceptors, HeartbeatTimeout(timedelta(seconds=settings.temporal.heartbeat_seconds))],
        workflow_runner=sandbox(),
        max_concurrent_activities=own_slots.get(queue, settings.worker.io_slots),
        graceful_shutdown_timeout=timedelta(seconds=settings.temporal.graceful_shutdown_seconds),
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=settings.temporal.sticky_seconds),
    )


async def run_until_stopped(
    workers: Sequence[Worker], background: Sequence[Callable[[], Awaitable[None]]] = ()
) -> None:
    """Run until SIGINT or SIGTERM, then drain: running activities get the graceful time, nothing new is taken.

    A background job may end by itself. If one fails, or a worker does, the rest drains and its error is raised, so
    that the process ends with an error and is started again.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    running = [asyncio.create_task(worker.run()) for worker in workers]
    jobs = [asyncio.ensure_future(job()) for job in background]

    def stop_if_failed(task: asyncio.Future[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            stop.set()

    for task in (*running, *jobs):
        task.add_done_callback(stop_if_failed)
    try:
        await stop.wait()
    finally:
        for job in jobs:
            job.cancel()
        # Together: one after another, the last queue would be served past the time the process is given to stop.
        closing = [asyncio.create_task(worker.shutdown()) for worker in workers]
        ended = await asyncio.gather(*running, *jobs, return_exceptions=True)
        for task in closing:  # the shutdown of a worker that failed to start waits for ever
            task.cancel()
    for error in ended:
        if isinstance(error, Exception):
            raise error
