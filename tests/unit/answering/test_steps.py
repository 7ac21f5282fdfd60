"""From a question to its answer, over a real SQLite ledger and fakes of the rest."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace

import pytest

from lethe.adapters.fakes.clock import FakeClock
from lethe.adapters.fakes.embedding import HashEmbedder
from lethe.adapters.fakes.keyring import FakeKeyRing
from lethe.adapters.fakes.tokens import RecordedTokens
from lethe.adapters.fakes.vectors import InMemoryVectorIndex
from lethe.adapters.sql import SqlLedger
from lethe.answering.calibration import REVISION
from lethe.answering.deps import Answering
from lethe.answering.request import AnswerRequest
from lethe.answering.steps import ask, finish, generate, retrieve
from lethe.answering.traces import open_trace
from lethe.answering.under_way import UnderWay
from lethe.answering.views import present
from lethe.contracts.answering import AnswerOutcome, QuestionRef
from lethe.errors import IndexUnavailable, KeyDestroyed, QuestionNotFound
from lethe.model.answers import Answer, AnswerMode, DegradedReason, Question, QuestionState
from lethe.model.conditions import HasAny
from lethe.model.ids import Id, new_id
from lethe.model.principals import Caller, Role
from lethe.ports.tokens import TokenKind
from lethe.settings import Settings
from tests.corpus import NOON, NOW, Corpus, Planted

HEIGHT = "The lighthouse of Varnholm is 31 metres tall."
BEFORE = "The lighthouse of Varnholm was 29 metres tall."
HOW_TALL = "How tall is the lighthouse of Varnholm?"
FILLERS = [["Bread is baked from flour."], ["Cats sleep most of the day."], ["Ships pass at night."]]


@dataclass(frozen=True, slots=True)
class World:
    corpus: Corpus
    deps: Answering
    caller: Caller

    async def ask(self, text: str = HOW_TALL, **fields: object) -> Question:
        request = AnswerRequest.model_validate({"text": text, "top_k": 5, "alpha": 0.5} | fields)
        return await ask(self.deps, self.caller, request, self.deps.clock.now())

    async def run(self, question: Question) -> AnswerOutcome:
        ref = QuestionRef(tenant_id=question.tenant_id, question_id=question.id)
        return await finish(self.deps, await generate(self.deps, await retrieve(self.deps, ref)))

    async def stored(self, question: Question) -> tuple[Question | None, Answer | None]:
        async with self.deps.ledger.read() as uow:
            return (
                await uow.questions.get(question.tenant_id, question.id),
                await uow.questions.answer(question.tenant_id, question.id),
            )

    async def withdraw(self, planted: Planted, **how: object) -> None:
        await self.corpus.change(planted, **(how or {"deleted_at": NOON}))


@pytest.fixture
async def world(sqlite_settings: Settings) -> AsyncGenerator[World, None]:
    ledger = SqlLedger.from_settings(sqlite_settings)
    corpus = await Corpus.make(ledger, FakeKeyRing(), InMemoryVectorIndex(), HashEmbedder())
    deps = Answering(ledger, corpus.keyring, corpus.search(), corpus.embedder, FakeClock(), RecordedTokens())
    yield World(corpus, deps, Caller(corpus.tenant_id, new_id(), Role.READER))
    await ledger.close()


def ref_of(question: Question) -> QuestionRef:
    return QuestionRef(tenant_id=question.tenant_id, question_id=question.id)


async def test_a_question_reads_the_clock_once_and_is_sealed(world: World):
    question = await world.ask(attributes=HasAny(("year=2026",)))
    stored, answer = await world.stored(question)
    assert stored == question
    assert answer is None
    assert (question.seq, question.state) == (NOW, QuestionState.ASKED)
    assert set(question.readers) == world.caller.readers
    assert b"Varnholm" not in question.sealed_request
    key = await world.deps.keyring.get(question.tenant_id, question.id)
    assert AnswerRequest.opened(key, question.sealed_request).text == HOW_TALL


async def test_an_answer_is_cited_and_its_provenance_complete(world: World):
    planted = await world.corpus.plant(HEIGHT, title="Lights", source_uri="file:///lights.txt", page=2)
    question = await world.ask()
    outcome = await world.run(question)
    assert (outcome.mode, outcome.citations, outcome.is_degraded) == (AnswerMode.EXTRACTIVE, 1, False)
    view = await present(world.deps, world.caller, question.id)
    assert (view.state, view.mode, view.text) == (QuestionState.ANSWERED, AnswerMode.EXTRACTIVE, f"{HEIGHT} [1]")
    (cited,) = view.citations
    assert (cited.number, cited.title, cited.source_uri) == (1, "Lights", "file:///lights.txt")
    assert (cited.text, cited.quotes, cited.place) == (HEIGHT, (HEIGHT,), "page 2")
    assert (cited.chunk_id, cited.version_id) == (planted.chunks[0].id, planted.version.id)
    assert 0 < cited.score <= 1
    provenance = view.provenance
    assert provenance is not None
    assert (provenance.index_build_id, provenance.seq) == (world.corpus.build.id, NOW)
    assert (provenance.provider, provenance.model, provenance.model_fingerprint) == ("lethe", "extractive", REVISION)
    assert provenance.embedding_spec == world.corpus.embedder.spec.key
    assert {"embed", "search", "gate", "generate", "finish"} <= provenance.timings_ms.keys()
    assert provenance.cost_micros == 0


async def test_until_it_is_final_there_is_no_answer_to_see(world: World):
    await world.corpus.plant(HEIGHT)
    question = await world.ask()
    assert (await present(world.deps, world.caller, question.id)).mode is None
    await generate(world.deps, await retrieve(world.deps, ref_of(question)))
    view = await present(world.deps, world.caller, question.id)
    assert (view.state, view.mode, view.text) == (QuestionState.ASKED, None, "")


async def test_every_step_may_run_again(world: World):
    await world.corpus.plant(HEIGHT)
    question = await world.ask()
    retrieved = [await retrieve(world.deps, ref_of(question)) for _ in range(2)]
    assert retrieved[0].passages == retrieved[1].passages
    drafted = [await generate(world.deps, retrieved[0]) for _ in range(2)]
    outcomes = [await finish(world.deps, drafted[0]) for _ in range(2)]
    assert outcomes[0] == outcomes[1]
    _, final = await world.stored(question)
    # An attempt thought lost comes back after the answer is final.
    await generate(world.deps, retrieved[1])
    assert await finish(world.deps, drafted[1]) == outcomes[0]
    assert (await world.stored(question))[1] == final


async def test_what_was_searched_for_is_kept_sealed_with_the_answer(world: World):
    planted = await world.corpus.plant(HEIGHT)
    question = await world.ask()
    await world.run(question)
    _, answer = await world.stored(question)
    assert answer is not None
    assert answer.sealed_trace is not None
    assert b"tall" not in answer.sealed_trace
    trace = open_trace(await world.deps.keyring.get(question.tenant_id, question.id), answer.sealed_trace)
    assert trace.queries == (HOW_TALL,)
    (candidate,) = trace.candidates
    assert (candidate.chunk_id, candidate.document_id) == (planted.chunks[0].id, planted.document.id)
    assert candidate.fused == answer.citations[0].score
    assert world.deps.under_way.trace(question.id) is None


async def test_the_steps_say_the_answer_as_they_make_it(world: World):
    await world.corpus.plant(HEIGHT)
    assert isinstance(world.deps.tokens, RecordedTokens)
    question = await world.ask()
    drafted = await generate(world.deps, retrieved := await retrieve(world.deps, ref_of(question)))
    said = world.deps.tokens.said[question.id]
    assert [event.kind for event in said] == [TokenKind.SOURCES, TokenKind.CITATION, TokenKind.TOKEN]
    draft = world.deps.under_way.draft(question.id)
    assert draft is not None
    assert said[0].data == {"chunk_ids": [cited.chunk_id for cited in draft.citations]}
    assert said[2].data == {"text": f"{HEIGHT} [1]"}
    # Made again by an attempt that does not know of the first.
    await generate(world.deps, retrieved)
    assert [event.kind for event in said[3:]] == [TokenKind.RESET, *(event.kind for event in said[:3])]
    await finish(world.deps, drafted)
    assert said[-1].kind is TokenKind.DONE
    assert said[-1].data == {"answer_id": question.id, "mode": "extractive"}
    # What comes after the end is not said.
    await generate(world.deps, retrieved)
    assert said[-1].kind is TokenKind.DONE


async def test_nothing_found_is_no_answer(world: World):
    outcome = await world.run(question := await world.ask())
    assert (outcome.mode, outcome.citations, outcome.reasons) == (AnswerMode.NO_ANSWER, 0, [])
    view = await present(world.deps, world.caller, question.id)
    assert (view.mode, view.text, view.citations) == (AnswerMode.NO_ANSWER, "", ())


@pytest.mark.parametrize(
    "how", [{"deleted_at": NOON}, {"fenced_at": NOON}, {"readers": ["00000000-0000-7000-8000-00"]}]
)
async def test_a_source_withdrawn_before_the_end_is_not_in_the_answer(world: World, how: dict[str, object]):
    await world.corpus.plant_many(FILLERS)
    height, before = await world.corpus.plant(HEIGHT), await world.corpus.plant(BEFORE)
    question = await world.ask()
    drafted = await generate(world.deps, await retrieve(world.deps, ref_of(question)))
    await world.withdraw(height, **how)
    outcome = await finish(world.deps, drafted)
    assert (outcome.citations, outcome.reasons) == (1, [DegradedReason.SOURCE_WITHDRAWN])
    _, answer = await world.stored(question)
    assert answer is not None
    assert [cited.version_id for cited in answer.citations] == [before.version.id]
    view = await present(world.deps, world.caller, question.id)
    assert (view.text, view.is_degraded) == (f"{BEFORE} [1]", True)


async def test_with_every_source_withdrawn_there_is_no_answer(world: World):
    height = await world.corpus.plant(HEIGHT)
    question = await world.ask()
    drafted = await generate(world.deps, await retrieve(world.deps, ref_of(question)))
    await world.withdraw(height)
    outcome = await finish(world.deps, drafted)
    assert (outcome.mode, outcome.citations) == (AnswerMode.NO_ANSWER, 0)
    assert (await present(world.deps, world.caller, question.id)).text == ""


async def test_a_source_withdrawn_later_is_withheld_from_the_stored_answer(world: World):
    await world.corpus.plant_many(FILLERS)
    height, _ = await world.corpus.plant(HEIGHT), await world.corpus.plant(BEFORE)
    question = await world.ask()
    assert (await world.run(question)).citations == 2
    await world.withdraw(height)
    view = await present(world.deps, world.caller, question.id)
    assert (view.text, len(view.citations)) == (f"{BEFORE} [1]", 1)
    assert view.degraded_reasons == (DegradedReason.SOURCE_WITHDRAWN,)
    assert "31 metres" not in repr(view)


async def test_a_destroyed_key_withholds_its_source(world: World):
    height = await world.corpus.plant(HEIGHT)
    question = await world.ask()
    await world.run(question)
    await world.deps.keyring.destroy(question.tenant_id, [height.version.id])
    view = await present(world.deps, world.caller, question.id)
    assert (view.mode, view.text) == (AnswerMode.NO_ANSWER, "")


async def test_only_the_one_who_asked_may_read_the_answer(world: World):
    await world.corpus.plant(HEIGHT)
    question = await world.ask()
    await world.run(question)
    for stranger in (
        Caller(world.caller.tenant_id, new_id(), Role.ADMIN),
        Caller(new_id(), world.caller.principal_id, Role.ADMIN),
    ):
        with pytest.raises(QuestionNotFound):
            await present(world.deps, stranger, question.id)
    with pytest.raises(QuestionNotFound):
        await present(world.deps, world.caller, new_id())


async def test_an_erased_question_is_answered_no_more(world: World):
    await world.corpus.plant(HEIGHT)
    question = await world.ask()
    retrieved = await retrieve(world.deps, ref_of(question))
    drafted = await generate(world.deps, retrieved)
    elsewhere = replace(world.deps, under_way=UnderWay())
    await world.deps.keyring.destroy(question.tenant_id, [question.id])
    with pytest.raises(KeyDestroyed):
        await generate(elsewhere, retrieved)
    async with world.deps.ledger.write() as uow:
        await uow.questions.delete(question.tenant_id, [question.id])
    with pytest.raises(QuestionNotFound):
        await generate(elsewhere, retrieved)
    # Where it was begun, it is known for a while; nothing of it is stored.
    with pytest.raises(QuestionNotFound):
        await finish(world.deps, drafted)


async def test_an_edit_after_the_question_does_not_reach_it(world: World):
    old = await world.corpus.plant(HEIGHT)
    question = await world.ask()
    async with world.deps.ledger.write() as uow:
        seq = await uow.tenants.advance(question.tenant_id)
        await uow.versions.update(replace(old.version, live_until=seq))
    await world.corpus.plant(HEIGHT.replace("31", "33"), live_from=seq)
    await world.run(question)
    assert "31 metres" in (await present(world.deps, world.caller, question.id)).text
    later = await world.ask()
    await world.run(later)
    assert "33 metres" in (await present(world.deps, world.caller, later.id)).text


async def test_rights_are_the_askers(world: World):
    group: Id = new_id()
    await world.corpus.plant(HEIGHT, readers=[group])
    assert (await world.run(await world.ask())).mode is AnswerMode.NO_ANSWER
    member = replace(world, caller=replace(world.caller, groups=frozenset([group])))
    question = await member.ask()
    assert (await member.run(question)).mode is AnswerMode.EXTRACTIVE
    # Thrown out of the group since: the same principal may not read it any more.
    assert (await present(world.deps, world.caller, question.id)).text == ""


async def test_without_the_embedder_the_answer_is_degraded_and_says_so(world: World):
    await world.corpus.plant(HEIGHT)
    assert isinstance(world.corpus.embedder, HashEmbedder)
    world.corpus.embedder.is_down = True
    question = await world.ask()
    assert (await world.run(question)).reasons == [DegradedReason.EMBEDDER_DOWN]
    view = await present(world.deps, world.caller, question.id)
    assert (view.mode, view.is_degraded) == (AnswerMode.EXTRACTIVE, True)
    assert view.provenance is not None
    assert view.provenance.embedding_spec == ""


async def test_without_any_index_the_step_fails_by_name(world: World):
    question = await world.ask()
    assert isinstance(world.corpus.index, InMemoryVectorIndex)
    world.corpus.index.is_down = world.corpus.keywords.is_down = True
    with pytest.raises(IndexUnavailable):
        await retrieve(world.deps, ref_of(question))
