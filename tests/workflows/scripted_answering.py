"""The steps of a question as a workflow sees them: what each gives is set beforehand, what each was asked is kept."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Interceptor, Worker

from lethe.contracts.answering import AnswerOutcome, Drafted, PassageRef, QuestionRef, Retrieved, Turn, Turned
from lethe.model.answers import AnswerMode, DegradedReason
from workers.runner import sandbox
from workflows.answering import AnswerQuestion
from workflows.policies import Queue

CHUNK = "01900000-0000-7000-8000-000000000009"


class ScriptedAnswering:
    """``turns``: by model; one that has none here answers. ``on_turn`` runs before a turn ends,
    ``on_retrieve`` before anything is found.

    ``outcome``: of the answer that was made at once.
    """

    def __init__(self, models: Sequence[str] = (), seconds_left: float = 30.0) -> None:
        self.models = list(models)
        self.seconds_left = seconds_left
        self.turns: dict[str, Turned] = {}
        self.on_turn: Callable[[Turn], Awaitable[None]] | None = None
        self.on_retrieve: Callable[[QuestionRef], Awaitable[None]] | None = None
        self.outcome: AnswerOutcome | None = None
        self.taken: list[Turn] = []
        self.extracted: list[Retrieved] = []
        self.finished: list[Drafted] = []

    @activity.defn
    async def retrieve(self, ref: QuestionRef) -> Retrieved:
        if self.on_retrieve is not None:
            await self.on_retrieve(ref)
        passages = [PassageRef(chunk_id=CHUNK, version_id=CHUNK, document_id=CHUNK, score=1.0)]
        return Retrieved(
            question=ref,
            passages=passages,
            seq=3,
            models=self.models,
            seconds_left=self.seconds_left,
            outcome=self.outcome,
        )

    @activity.defn
    async def extract(self, retrieved: Retrieved) -> AnswerOutcome:
        self.extracted.append(retrieved)
        return _outcome(AnswerMode.EXTRACTIVE, retrieved.fallen)

    @activity.defn
    async def generate_by_model(self, turn: Turn) -> Turned:
        self.taken.append(turn)
        if self.on_turn is not None:
            await self.on_turn(turn)
        drafted = Drafted(retrieved=turn.retrieved, mode=AnswerMode.GENERATED)
        return self.turns.get(turn.model, Turned(drafted=drafted))

    @activity.defn
    async def finish(self, drafted: Drafted) -> AnswerOutcome:
        self.finished.append(drafted)
        return _outcome(drafted.mode, [])

    @asynccontextmanager
    async def running(self, client: Client, interceptors: Sequence[Interceptor] = ()) -> AsyncGenerator[None]:
        """A query worker over these steps."""
        worker = Worker(
            client,
            task_queue=Queue.QUERY,
            workflows=[AnswerQuestion],
            activities=[self.retrieve, self.extract, self.generate_by_model, self.finish],
            workflow_runner=sandbox(),
            interceptors=interceptors,
        )
        async with worker:
            yield


def _outcome(mode: AnswerMode, reasons: list[DegradedReason]) -> AnswerOutcome:
    return AnswerOutcome(mode=mode, citations=1, is_degraded=bool(reasons), reasons=reasons)
