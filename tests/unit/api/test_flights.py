"""Equal questions at the same time: one is answered, the others wait for it within their own deadline and rights."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field, replace

import pytest
import pytest_asyncio

from api import recalling
from api.asking import AskedMemo, guarded
from api.deadlines import Deadline
from api.recalling import answer_together, ask_or_recall
from api.schemas.questions import AskIn
from lethe.adapters.fakes.embedding import HashEmbedder
from lethe.contracts.answering import AnswerOutcome, QuestionRef
from lethe.errors import LedgerUnavailable, WorkflowsUnavailable
from lethe.model.answers import DegradedReason
from lethe.model.ids import Id, new_id
from lethe.model.indexes import BuildKind, BuildState, IndexBuild
from lethe.model.processors import Origin
from lethe.ports.embedding import InputKind, Vectors
from lethe.settings import LimitSettings, Settings
from tests.unit.api.streams import caller_of
from tests.unit.api.test_questions import ASK, passage
from tests.unit.api.world import InProcessWorkflows, World, open_world

MANY = 6
RIVER = "Lethe is a river of the underworld."


@dataclass
class Held:
    """Workflows that wait for the test. ``outcomes``: what becomes of each run in turn; True: an answer."""

    workflows: InProcessWorkflows
    outcomes: list[bool] = field(default_factory=lambda: [True])
    runs: list[Id] = field(default_factory=list[Id])
    leave: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, ref: QuestionRef) -> AnswerOutcome:
        run = len(self.runs)
        self.runs.append(ref.question_id)
        await self.leave.wait()
        if not self.outcomes[min(run, len(self.outcomes) - 1)]:
            raise WorkflowsUnavailable
        return await InProcessWorkflows.answer(self.workflows, ref)


class Counted(HashEmbedder):
    questions = 0

    async def embed(self, texts: Sequence[str], kind: InputKind, origin: Origin | None = None) -> Vectors:
        self.questions += kind is InputKind.QUERY
        return await super().embed(texts, kind, origin)


@pytest_asyncio.fixture
async def world(api_settings: Settings) -> AsyncGenerator[World]:
    api = api_settings.api.model_copy(update={"max_in_flight_questions": MANY})
    limits = api_settings.limits.model_copy(update={"question_seconds": 20})
    async with open_world(api_settings.model_copy(update={"api": api, "limits": limits})) as world:
        async with world.services.ledger.write() as uow:
            spec = HashEmbedder().spec.key
            await uow.builds.add(
                IndexBuild(
                    world.tenant_id, new_id(), BuildKind.VECTOR, spec, 1, "C", BuildState.ACTIVE, 0, world.clock.now()
                )
            )
        world.search.passages = [passage(RIVER)]
        yield world


@pytest.fixture
def held(world: World, monkeypatch: pytest.MonkeyPatch) -> Held:
    held = Held(InProcessWorkflows(world.workflows.deps))
    monkeypatch.setattr(world.workflows, "answer", held.answer)
    return held


def deadline(seconds: float) -> Deadline:
    return Deadline.of(LimitSettings(question_seconds=seconds))


async def asked(world: World, held: Held, **fields: object) -> list[dict[str, object]]:
    """Equal questions at once, held until all of them are stored."""
    tasks = [asyncio.create_task(world.post("/v1/query", world.reader, json=ASK | fields)) for _ in range(MANY)]
    async with asyncio.timeout(20):
        while not held.runs or (world.services.flights.waiting < MANY - 1 and not fields):
            await asyncio.sleep(0.01)
    held.leave.set()
    return [(await task).json() for task in tasks]


async def test_one_is_answered_and_all_have_its_answer_as_their_own(world: World, held: Held) -> None:
    answers = await asked(world, held)
    assert len(held.runs) == 1
    assert [answer["answer"] for answer in answers] == [f"{RIVER} [1]"] * MANY
    ids = {str(answer["id"]) for answer in answers}
    assert len(ids) == MANY
    for each in ids:
        assert (await world.get(f"/v1/queries/{each}", world.reader)).json()["answer"] == f"{RIVER} [1]"


async def test_equal_questions_at_once_are_embedded_once(world: World, held: Held) -> None:
    embedder = Counted()
    answering = replace(world.services.answering, embedder=embedder, in_process=frozenset({embedder.spec.key}))
    services = replace(world.services, answering=answering)
    caller, request = await caller_of(world), guarded(services, AskIn(question="Which river is Lethe?"))

    async def sent() -> AskedMemo:
        memo = await ask_or_recall(services, caller, request, new_id())
        return await answer_together(services, caller, request, memo, deadline(20))

    tasks = [asyncio.create_task(sent()) for _ in range(MANY)]
    async with asyncio.timeout(20):
        while services.flights.waiting < MANY - 1:
            await asyncio.sleep(0.01)
        held.leave.set()
        assert [(await task).fallen for task in tasks] == [None] * MANY
    assert embedder.questions == 1


async def test_where_the_first_gets_none_another_one_asks(world: World, held: Held) -> None:
    held.outcomes = [False, True]
    answers = await asked(world, held)
    assert len(held.runs) == 2
    modes = sorted(str(answer["answer_mode"]) for answer in answers)
    assert modes == ["extractive"] * (MANY - 1) + ["passages"]


async def test_no_store_waits_for_nobody(world: World, held: Held) -> None:
    held.leave.set()
    answers = await asked(world, held, no_store=True)
    assert len(held.runs) == MANY
    assert [answer["answer_mode"] for answer in answers] == ["extractive"] * MANY


async def test_who_waits_has_a_deadline_of_its_own(world: World, held: Held) -> None:
    caller, request = await caller_of(world), guarded(world.services, AskIn(question="Which river is Lethe?"))
    memos = [await ask_or_recall(world.services, caller, request, new_id()) for _ in range(2)]
    first = asyncio.create_task(answer_together(world.services, caller, request, memos[0], deadline(20)))
    async with asyncio.timeout(20):
        while not held.runs:
            await asyncio.sleep(0.01)
        late = await answer_together(world.services, caller, request, memos[1], deadline(0.05))
        assert late.fallen is DegradedReason.DEADLINE_PASSED
        assert not first.done()
        held.leave.set()
        assert (await first).fallen is None
    assert held.runs == [memos[0].question_id]


async def test_where_the_first_is_broken_off_another_one_asks(world: World, held: Held) -> None:
    caller, request = await caller_of(world), guarded(world.services, AskIn(question="Which river is Lethe?"))
    memos = [await ask_or_recall(world.services, caller, request, new_id()) for _ in range(2)]
    tasks = [
        asyncio.create_task(answer_together(world.services, caller, request, memo, deadline(20))) for memo in memos
    ]
    async with asyncio.timeout(20):
        while not held.runs or not world.services.flights.waiting:
            await asyncio.sleep(0.01)
        tasks[0].cancel()
        held.leave.set()
        assert (await tasks[1]).fallen is None
    assert held.runs == [memo.question_id for memo in memos]


async def test_a_question_of_a_later_clock_waits_for_nobody(world: World, held: Held) -> None:
    """A document that came in between is a source of the second alone."""
    first = asyncio.create_task(world.post("/v1/query", world.reader, json=ASK))
    async with asyncio.timeout(20):
        while not held.runs:
            await asyncio.sleep(0.01)
        async with world.services.ledger.write() as uow:
            await uow.tenants.advance(world.tenant_id)
        second = asyncio.create_task(world.post("/v1/query", world.reader, json=ASK))
        while len(held.runs) < 2:
            await asyncio.sleep(0.01)
        held.leave.set()
        assert [(await task).json()["id"] for task in (first, second)] == held.runs


async def test_who_waits_and_is_sent_again_goes_on_waiting(world: World, held: Held) -> None:
    first = asyncio.create_task(world.post("/v1/query", world.reader, json=ASK))
    async with asyncio.timeout(20):
        while not held.runs:
            await asyncio.sleep(0.01)
        sendings = [asyncio.create_task(world.post("/v1/query", world.reader, json=ASK, idem="one"))]
        while not world.services.flights.waiting:
            await asyncio.sleep(0.01)
        sendings += [asyncio.create_task(world.post("/v1/query", world.reader, json=ASK, idem="one")) for _ in range(2)]
        while world.services.questions.running < 3:
            await asyncio.sleep(0.01)
        # Time enough for another run to begin.
        await asyncio.sleep(0.3)
        held.leave.set()
        answers = [(await task).json() for task in sendings]
    assert answers[1:] == answers[:1] * 2
    assert answers[0]["answer"] == f"{RIVER} [1]"
    assert held.runs == [(await first).json()["id"]]


async def test_an_earlier_answer_that_cannot_be_looked_for_is_none(
    world: World, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> bool:
        raise LedgerUnavailable

    for name in ("recall_similar", "share"):
        monkeypatch.setattr(recalling, name, broken)
    answers = await asked(world, held)
    assert len(held.runs) == MANY
    assert [answer["answer"] for answer in answers] == [f"{RIVER} [1]"] * MANY


@pytest.mark.parametrize("streams", [MANY, 1])
async def test_who_waits_leaves_its_place_to_another_question(
    world: World, held: Held, monkeypatch: pytest.MonkeyPatch, streams: int
) -> None:
    """As far as there is a place among those who follow an answer."""
    monkeypatch.setattr(world.services.streams, "_limit", streams)
    tasks = [asyncio.create_task(world.post("/v1/query", world.reader, json=ASK)) for _ in range(MANY)]
    async with asyncio.timeout(20):
        while not held.runs or world.services.flights.waiting < MANY - 1:
            await asyncio.sleep(0.01)
        assert world.services.questions.running == MANY - min(streams, MANY - 1)
        tasks.append(asyncio.create_task(world.post("/v1/query", world.reader, json={"question": "Where is it?"})))
        while len(held.runs) < 2:
            await asyncio.sleep(0.01)
        held.leave.set()
        assert {(await task).status_code for task in tasks} == {200}
        while not world.services.running.is_idle:
            await asyncio.sleep(0.01)
    assert (world.services.questions.running, world.services.streams.running) == (0, 0)
