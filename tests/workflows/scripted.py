"""Activities with the real names that do what a test says, and remember what they were asked."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.worker import Replayer, Worker

from lethe.contracts.audit import (
    AuditAllRun,
    AuditedStep,
    AuditPlan,
    AuditRef,
    AuditReport,
    AuditStep,
    AuditTally,
    Begun,
)
from lethe.contracts.indexing import (
    BuildPlan,
    BuildRef,
    Closed,
    Followed,
    Planned,
    Reconciled,
    ReconcileStep,
    TakeBack,
)
from lethe.contracts.indexing import Dropped as DroppedBuilds
from lethe.contracts.ingestion import (
    Attention,
    Chunked,
    DeletionPlan,
    DocumentRef,
    Dropped,
    EmbedBatch,
    Embedded,
    Indexed,
    Parsed,
    StepFailure,
    Switched,
    Validated,
    VersionRef,
)
from lethe.contracts.letters import LetterSelection, ResolutionProgress, ResolutionRef
from lethe.contracts.webhooks import DeliveryOutcome, DeliveryRef
from lethe.model.ids import new_id
from workers.converter import DATA_CONVERTER
from workers.runner import WORKFLOWS, sandbox
from workflows.answering import AnswerQuestion
from workflows.policies import Queue

BUILD = new_id()


class Scripted:
    """``fails`` maps an activity to the codes its next calls raise; a code ending in "!" is not retried."""

    def __init__(self, chunks: int = 130, replaced: Sequence[str] = ()) -> None:
        self.calls: list[str] = []
        self.fails: dict[str, list[str]] = {}
        self.dropped: list[str] = []
        self.opened: list[StepFailure] = []
        self.batches: list[tuple[int, int]] = []
        self.attention = Attention(failure_class="permanent", may_wait=True, wait_seconds=7 * 86_400, drive_again=False)
        self.plan = DeletionPlan(version_ids=[], running=[])
        self._chunks = chunks
        self._replaced = list(replaced)
        self.abandoned: list[str] = []
        self.asks_outside = False
        self.queues: dict[str, str] = {}
        self.pages = 1
        self.deliveries: list[DeliveryOutcome] = []
        self.wishes: list[LetterSelection] = []
        self.resolutions: list[str] = []
        self.begun: list[Begun] = []
        self.audit_pages: dict[str, int] = {BUILD: 1}
        self.follow_pages = 1
        self.followed: list[str] = []
        self.left: list[str] = []
        self.closings: list[Closed] = []
        self.has_index = True
        self.reports: list[AuditReport] = []

    def _called(self, name: str) -> None:
        self.calls.append(name)
        self.queues[name] = activity.info().task_queue
        if self.fails.get(name):
            code = self.fails[name].pop(0)
            raise ApplicationError(code.rstrip("!"), type=code.rstrip("!"), non_retryable=code.endswith("!"))

    @activity.defn
    async def validate_document(self, ref: VersionRef) -> Validated:
        self._called("validate_document")
        return Validated(media_type="text/plain", size_bytes=10)

    @activity.defn
    async def parse_document(self, ref: VersionRef) -> Parsed:
        self._called("parse_document")
        return Parsed(elements=3, characters=10, asks_outside=self.asks_outside)

    @activity.defn
    async def chunk_document(self, ref: VersionRef) -> Chunked:
        self._called("chunk_document")
        return Chunked(chunks=self._chunks, asks_outside=self.asks_outside)

    @activity.defn
    async def embed_chunks(self, batch: EmbedBatch) -> Embedded:
        self._called("embed_chunks")
        self.batches.append((batch.start, batch.stop))
        return Embedded(computed=batch.stop - batch.start, reused=0)

    @activity.defn
    async def index_version(self, ref: VersionRef) -> Indexed:
        self._called("index_version")
        return Indexed(build_id=BUILD, objects=self._chunks)

    @activity.defn
    async def verify_version(self, ref: VersionRef) -> Indexed:
        self._called("verify_version")
        return Indexed(build_id=BUILD, objects=self._chunks)

    @activity.defn
    async def switch_version(self, ref: VersionRef) -> Switched:
        self._called("switch_version")
        return Switched(seq=7, replaced=self._replaced, abandoned=self.abandoned)

    @activity.defn
    async def drop_version(self, ref: VersionRef) -> Dropped:
        self._called("drop_version")
        self.dropped.append(ref.version_id)
        return Dropped(objects=1, chunks=1, blobs=1)

    @activity.defn
    async def apply_metadata(self, ref: DocumentRef) -> Indexed:
        self._called("apply_metadata")
        return Indexed(build_id=BUILD, objects=1)

    @activity.defn
    async def open_dead_letter(self, failure: StepFailure) -> Attention:
        self._called("open_dead_letter")
        self.opened.append(failure)
        return self.attention

    @activity.defn
    async def close_dead_letter(self, failure: StepFailure) -> None:
        self._called("close_dead_letter")

    @activity.defn
    async def plan_deletion(self, ref: DocumentRef) -> DeletionPlan:
        self._called("plan_deletion")
        return self.plan

    @activity.defn
    async def finish_deletion(self, ref: DocumentRef) -> Dropped:
        self._called("finish_deletion")
        return Dropped(objects=2, chunks=2, blobs=2)

    @activity.defn
    async def deliver_webhook(self, ref: DeliveryRef) -> DeliveryOutcome:
        self._called("deliver_webhook")
        return self.deliveries.pop(0)

    @activity.defn
    async def plan_resolution(self, wish: LetterSelection) -> ResolutionRef:
        self._called("plan_resolution")
        self.wishes.append(wish)
        return ResolutionRef(tenant_id=wish.tenant_id, resolution_id=wish.resolution_id)

    @activity.defn
    async def resolve_page(self, ref: ResolutionRef) -> ResolutionProgress:
        self._called("resolve_page")
        self.resolutions.append(ref.resolution_id)
        met = len(self.resolutions)
        return ResolutionProgress(matched=50 * met, done=49 * met, skipped=met, is_finished=met >= self.pages)

    @activity.defn
    async def begin_audits(self, run: AuditAllRun) -> Begun:
        self._called("begin_audits")
        return self.begun.pop(0)

    @activity.defn
    async def plan_audit(self, ref: AuditRef) -> AuditPlan:
        self._called("plan_audit")
        return AuditPlan(builds=list(self.audit_pages))

    @activity.defn
    async def audit_build(self, step: AuditStep) -> AuditedStep:
        self._called("audit_build")
        place = int(step.after or 0) + 1
        is_last = place >= self.audit_pages[step.build_id]
        return AuditedStep(after=None if is_last else str(place), tally=AuditTally(found=10, orphans=1, repaired=1))

    @activity.defn
    async def audit_blobs(self, ref: AuditRef) -> AuditTally:
        self._called("audit_blobs")
        return AuditTally(found=3)

    @activity.defn
    async def finish_audit(self, report: AuditReport) -> None:
        self._called("finish_audit")
        self.reports.append(report)

    @activity.defn
    async def plan_build(self, wish: BuildPlan) -> Planned:
        self._called("plan_build")
        return Planned(build_id=wish.build_id if self.has_index else None)

    @activity.defn
    async def follow_build(self, ref: BuildRef) -> Followed:
        self._called("follow_build")
        self.followed.append(ref.build_id)
        return Followed(lag=max(0, self.follow_pages - self.followed.count(ref.build_id)), written=10)

    @activity.defn
    async def reconcile_build(self, step: ReconcileStep) -> Reconciled:
        self._called("reconcile_build")
        return Reconciled(after=None if step.after else BUILD, repaired=1)

    @activity.defn
    async def close_build(self, ref: BuildRef) -> Closed:
        self._called("close_build")
        return self.closings.pop(0) if self.closings else Closed(is_active=True, drop_after_seconds=60.0)

    @activity.defn
    async def roll_back_build(self, ref: TakeBack) -> bool:
        self._called("roll_back_build")
        self.left.append(ref.serving)
        return True

    @activity.defn
    async def abort_build(self, ref: BuildRef) -> DroppedBuilds:
        self._called("abort_build")
        return DroppedBuilds(builds=[ref.build_id])

    @activity.defn
    async def finish_build(self, ref: BuildRef) -> DroppedBuilds:
        self._called("finish_build")
        return DroppedBuilds(builds=[BUILD])

    def of(self, queue: Queue) -> Sequence[Callable[..., Any]]:
        return {
            Queue.CPU: [self.validate_document, self.parse_document, self.chunk_document, self.embed_chunks],
            Queue.EMBED: [self.chunk_document, self.embed_chunks],
            Queue.IO: [
                self.index_version,
                self.verify_version,
                self.switch_version,
                self.drop_version,
                self.apply_metadata,
                self.begin_audits,
                self.plan_audit,
                self.audit_build,
                self.audit_blobs,
                self.finish_audit,
                self.plan_build,
                self.follow_build,
                self.reconcile_build,
                self.close_build,
                self.roll_back_build,
                self.abort_build,
                self.finish_build,
            ],
            Queue.WEBHOOKS: [self.deliver_webhook],
            Queue.CONTROL: [
                self.open_dead_letter,
                self.close_dead_letter,
                self.plan_deletion,
                self.finish_deletion,
                self.plan_resolution,
                self.resolve_page,
            ],
        }[queue]

    @asynccontextmanager
    async def running(self, client: Client) -> AsyncGenerator[None]:
        async with AsyncExitStack() as stack:
            for queue in (Queue.CPU, Queue.EMBED, Queue.IO, Queue.WEBHOOKS, Queue.CONTROL):
                await stack.enter_async_context(
                    Worker(
                        client,
                        task_queue=queue,
                        workflows=WORKFLOWS if queue is Queue.CONTROL else [],
                        activities=self.of(queue),
                        workflow_runner=sandbox(),
                    )
                )
            yield


async def replayed(handle: WorkflowHandle[Any, Any]) -> None:
    """Every test replays the history it just made: the workflow is deterministic as it stands."""
    history = await handle.fetch_history()
    replayer = Replayer(
        workflows=[*WORKFLOWS, AnswerQuestion], workflow_runner=sandbox(), data_converter=DATA_CONVERTER
    )
    await replayer.replay_workflow(history)
