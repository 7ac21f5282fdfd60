"""Starting workflows: ids, conflict policies, attributes and summaries in one place."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeAlias

from temporalio.client import (
    Client,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ActivityError, ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from lethe.answering.unawaited import hear
from lethe.contracts.answering import AnswerOutcome, QuestionRef
from lethe.errors import DeadlineExceeded, LetheError, WorkflowsUnavailable, by_code
from lethe.model.ids import Id
from lethe.model.operations import Dispatch, DispatchKind, LetterAction
from lethe.model.workflow_ids import ANSWER_QUESTION, dispatch_id, question_id
from lethe.ports.workflows import Answered
from workflows import policies
from workflows.answering import AnswerQuestion
from workflows.attributes import started
from workflows.bulk import IngestBulk
from workflows.dispatched import AGAIN, KINDS, reuse_policy
from workflows.erasure import EraseSubject
from workflows.failures import TIMED_OUT, code_of
from workflows.ingestion import IngestDocument
from workflows.migrations import MigrateEmbeddings
from workflows.policies import Queue

Signal: TypeAlias = Callable[[Any], None]
"""A signal without input, as the method of its workflow's class."""

RPC_TIMEOUT: Final = timedelta(seconds=3)
TAKEN_SECONDS: Final = 0.3
"""How long it is waited for that a question's workflow runs in this process: one that another process answers is told
as much later at most."""
HERE_SECONDS: Final = 2.0
"""How long the end of one that does is waited for in this process alone: to be told by the server costs both sides a
call. Only what no step and no workflow tells is told as much later: one terminated, or lost by its server."""
UPDATE_SECONDS: Final = 10.0
"""A worker has to take the update: longer than it may lose by a restart of its sticky queue."""


class Ending:
    """Of a question, as this process tells it while its loop runs."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._taken = asyncio.Event()
        self._outcome: asyncio.Future[AnswerOutcome] = self.loop.create_future()
        hear(self._outcome)

    def taken(self) -> None:
        """The workflow runs here."""
        self._taken.set()

    def answered(self, outcome: AnswerOutcome) -> None:
        """The answer is stored."""
        if not self._outcome.done():
            self._outcome.set_result(outcome)
        self._taken.set()

    def failed(self, error: LetheError) -> None:
        """The workflow has ended without one."""
        if not self._outcome.done():
            self._outcome.set_exception(error)

    async def told(self) -> asyncio.Future[AnswerOutcome]:
        """The outcome, after as long as it is waited for without asking anybody else."""
        with suppress(TimeoutError):
            async with asyncio.timeout(TAKEN_SECONDS):
                await self._taken.wait()
        if self._taken.is_set():
            await asyncio.wait({self._outcome}, timeout=HERE_SECONDS)
        return self._outcome


@dataclass(frozen=True, slots=True)
class Starters:
    """Starts workflows on one Temporal client. Raises WorkflowsUnavailable when Temporal does not answer."""

    client: Client
    question_seconds: float = 30.0

    async def start(self, dispatch: Dispatch) -> None:
        """Start what a dispatch asks for. Starting it again, whether it runs or has ended, does nothing.

        A dispatch that says ``again`` starts a new run where the earlier one ended without success; one that is about
        to end is told instead, which Temporal does not let it miss.
        """
        run, value = KINDS[dispatch.kind](dispatch.tenant_id, dispatch.ref)
        try:
            await self.client.start_workflow(
                run,
                value,
                id=dispatch.workflow_id,
                task_queue=Queue.CONTROL,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=reuse_policy(dispatch),
                search_attributes=started(dispatch.tenant_id, dispatch.kind.value, dispatch.ref),
                static_summary=f"{dispatch.kind.value} {dispatch.ref}",
                priority=policies.priority_of(dispatch.kind, dispatch.tenant_id),
                start_signal=AGAIN.get(dispatch.kind) if dispatch.again else None,
                rpc_timeout=RPC_TIMEOUT,
            )
        except WorkflowAlreadyStartedError:
            return
        except RPCError as error:
            raise WorkflowsUnavailable from error

    async def resolve(self, workflow_id: str, action: LetterAction, decision_id: Id) -> Answered:
        """Send an ingestion the update `resolve`, with the decision's id. Raises WorkflowsUnavailable."""
        handle = self.client.get_workflow_handle(workflow_id)
        try:
            async with asyncio.timeout(UPDATE_SECONDS):
                await handle.execute_update(IngestDocument.resolve, action.value, id=decision_id)
        except WorkflowUpdateFailedError:
            return Answered.NOT_WAITING
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
            raise WorkflowsUnavailable from error
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return Answered.ENDED
            raise WorkflowsUnavailable from error
        return Answered.TAKEN

    async def look(self, tenant_id: Id, ingestion_id: Id) -> None:
        """Tell a bulk ingestion that the ledger has news for it; one that has ended, or not begun, needs none."""
        await self._signal(dispatch_id(DispatchKind.INGEST_BULK, tenant_id, ingestion_id), IngestBulk.look)

    async def look_at_migration(self, tenant_id: Id, migration_id: Id) -> None:
        """Tell a migration that the ledger has news for it; one that has ended, or not begun, needs none."""
        await self._signal(
            dispatch_id(DispatchKind.MIGRATE_EMBEDDINGS, tenant_id, migration_id), MigrateEmbeddings.look
        )

    async def look_at_erasure(self, tenant_id: Id, erasure_id: Id) -> None:
        """Tell an erasure that somebody decided on it; one that has ended, or not begun, reads the ledger anyway."""
        await self._signal(dispatch_id(DispatchKind.ERASE_SUBJECT, tenant_id, erasure_id), EraseSubject.look)

    async def _signal(self, workflow_id: str, signal: Signal) -> None:
        try:
            await self.client.get_workflow_handle(workflow_id).signal(signal, rpc_timeout=RPC_TIMEOUT)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise WorkflowsUnavailable from error

    async def answer(self, ref: QuestionRef, here: Ending | None = None) -> AnswerOutcome:
        """Answer a stored question in this process's query worker; one that is answered is not answered again.

        ``here``: what that worker tells of it.

        Raises WorkflowsUnavailable, DeadlineExceeded, and what a step failed by.
        """
        workflow_id = question_id(ref.tenant_id, ref.question_id)
        try:
            handle = await self.client.start_workflow(
                AnswerQuestion.run,
                ref,
                id=workflow_id,
                task_queue=Queue.QUERY,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
                execution_timeout=timedelta(seconds=self.question_seconds),
                search_attributes=started(ref.tenant_id, ANSWER_QUESTION, ref.question_id),
                static_summary=ANSWER_QUESTION,
                priority=policies.priority(ref.tenant_id, policies.QUESTION_PRIORITY),
                request_eager_start=True,
                rpc_timeout=RPC_TIMEOUT,
            )
            return await _ended(handle, here)
        except WorkflowAlreadyStartedError:
            return await self.client.get_workflow_handle(workflow_id, result_type=AnswerOutcome).result()
        except WorkflowFailureError as error:
            raise cause_of(error.cause) from error
        except RPCError as error:
            raise WorkflowsUnavailable from error


async def _ended(handle: WorkflowHandle[Any, AnswerOutcome], here: Ending | None) -> AnswerOutcome:
    """As is told here, or at the server: of one that runs in another process, nothing is told here."""
    if here is None:
        return await handle.result()
    told = await here.told()
    if told.done():
        return told.result()
    there = asyncio.ensure_future(handle.result())
    hear(there)
    try:
        await asyncio.wait({told, there}, return_when=asyncio.FIRST_COMPLETED)
        return there.result() if there.done() else told.result()
    finally:
        there.cancel()


def cause_of(error: BaseException | None) -> LetheError:
    """The error whose code the failed step left. Whatever ran out of time, the workflow too, has none to tell."""
    code = code_of(error) if isinstance(error, ActivityError | ApplicationError) else TIMED_OUT
    return DeadlineExceeded("The question could not be answered in its time.") if code == TIMED_OUT else by_code(code)()
