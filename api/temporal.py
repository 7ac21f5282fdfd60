"""The API's link to Temporal: made in the background, so that the API starts and searches without it."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import Interceptor

from activities.answering import AnsweringActivities
from api.endings import Endings, TellingEnds
from lethe.answering.deps import Answering
from lethe.contracts.answering import AnswerOutcome, QuestionRef
from lethe.errors import ConfigurationError, WorkflowsUnavailable
from lethe.model.ids import Id
from lethe.model.operations import Dispatch, LetterAction
from lethe.ports.workflows import Answered
from lethe.settings import Settings
from workers.failpoints import Failpoint
from workers.interceptors import ActivityGuard
from workers.runner import query_worker
from workers.temporal import connect, ensure_search_attributes
from workflows.starters import Starters

_log: Final = logging.getLogger("lethe.api")

_PROBE: Final = timedelta(seconds=1)
RETRY_SECONDS: Final = 1.0


class TemporalLink:
    """`api.services.Workflows` over one client, which the query worker shares: only then does a question start eagerly.

    Until the first connection every call raises WorkflowsUnavailable at once; a broken one heals by itself.
    """

    def __init__(self, question_seconds: float) -> None:
        self._question_seconds = question_seconds
        self._client: Client | None = None
        self._endings = Endings()
        self._answers_here = False

    @property
    def answers_here(self) -> bool:
        """Not before the first connection."""
        return self._answers_here

    async def start(self, dispatch: Dispatch) -> None:
        await Starters(self._connected()).start(dispatch)

    async def resolve(self, workflow_id: str, action: LetterAction, decision_id: Id) -> Answered:
        return await Starters(self._connected()).resolve(workflow_id, action, decision_id)

    async def look(self, tenant_id: Id, ingestion_id: Id) -> None:
        await Starters(self._connected()).look(tenant_id, ingestion_id)

    async def look_at_erasure(self, tenant_id: Id, erasure_id: Id) -> None:
        await Starters(self._connected()).look_at_erasure(tenant_id, erasure_id)

    async def look_at_migration(self, tenant_id: Id, migration_id: Id) -> None:
        await Starters(self._connected()).look_at_migration(tenant_id, migration_id)

    async def answer(self, ref: QuestionRef) -> AnswerOutcome:
        starters = Starters(self._connected(), self._question_seconds)
        if not self._answers_here:
            return await starters.answer(ref)
        with self._endings.of(ref.question_id) as here:
            return await starters.answer(ref, here)

    def client(self) -> Client:
        """Raises WorkflowsUnavailable."""
        return self._connected()

    async def ready(self) -> bool:
        """Whether Temporal answers now."""
        if self._client is None:
            return False
        try:
            return await self._client.service_client.check_health(timeout=_PROBE)
        except RPCError:
            return False

    async def keep(self, settings: Settings, answering: Answering) -> None:
        """Connect, however long it takes, then run the query worker if there is to be one. Ends when cancelled."""
        try:
            self._client = await connect(settings, ensure_search_attributes)
        except ConfigurationError as error:
            _log.error("Temporal cannot be used as it is configured; questions are answered without it", exc_info=error)
            return
        self._answers_here = settings.api.query_worker
        failpoint = Failpoint.from_settings(settings.testing)
        while settings.api.query_worker:
            activities = AnsweringActivities(answering, self._endings.tell, failpoint.reach)
            guards = [ActivityGuard(failpoint), TellingEnds(self._endings)]
            await _answer_questions(settings, self._client, activities, guards)
            await asyncio.sleep(RETRY_SECONDS)

    def _connected(self) -> Client:
        if self._client is None:
            raise WorkflowsUnavailable
        return self._client


async def _answer_questions(
    settings: Settings, client: Client, activities: AnsweringActivities, interceptors: Sequence[Interceptor]
) -> None:
    """Run a query worker until it breaks."""
    steps = [activities.retrieve, activities.extract, activities.generate_by_model, activities.finish]
    worker = query_worker(client, settings, steps, interceptors)
    _log.info("query worker ready")
    try:
        await worker.run()
    except (RPCError, RuntimeError) as error:
        _log.error("query worker broke", exc_info=error)
