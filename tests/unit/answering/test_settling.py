"""An extract is stored without another look at its sources only while nothing that may be read has changed."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace

import pytest

from lethe.adapters.fakes.clock import FakeClock
from lethe.adapters.fakes.embedding import HashEmbedder
from lethe.adapters.fakes.keyring import FakeKeyRing
from lethe.adapters.fakes.tokens import RecordedTokens
from lethe.adapters.fakes.vectors import InMemoryVectorIndex
from lethe.adapters.sql import SqlLedger
from lethe.answering.deps import Answering
from lethe.answering.request import AnswerRequest
from lethe.answering.steps import ask, finish, generate, retrieve, settle
from lethe.answering.under_way import UnderWay
from lethe.answering.views import present, view_of_settled
from lethe.contracts.answering import Drafted, QuestionRef
from lethe.model.answers import Answer, AnswerMode, DegradedReason, QuestionState
from lethe.model.ids import Id, new_id
from lethe.model.principals import Caller, Role
from lethe.ports.tokens import TokenKind
from lethe.settings import Settings
from tests.corpus import NOON, Corpus

HEIGHT = "The lighthouse of Varnholm is 31 metres tall."
HOW_TALL = "How tall is the lighthouse of Varnholm?"


@dataclass(frozen=True, slots=True)
class World:
    corpus: Corpus
    tokens: RecordedTokens
    deps: Answering
    caller: Caller

    async def drafted(self) -> tuple[Id, Drafted]:
        request = AnswerRequest(text=HOW_TALL, top_k=5, alpha=0.5)
        question = await ask(self.deps, self.caller, request, self.deps.clock.now())
        ref = QuestionRef(tenant_id=question.tenant_id, question_id=question.id)
        return question.id, await generate(self.deps, await retrieve(self.deps, ref))

    async def answer(self, question_id: Id) -> Answer | None:
        async with self.deps.ledger.read() as uow:
            return await uow.questions.answer(self.caller.tenant_id, question_id)


@pytest.fixture
async def world(sqlite_settings: Settings) -> AsyncGenerator[World]:
    ledger, tokens = SqlLedger.from_settings(sqlite_settings), RecordedTokens()
    corpus = await Corpus.make(ledger, FakeKeyRing(), InMemoryVectorIndex(), HashEmbedder())
    deps = Answering(ledger, corpus.keyring, corpus.search(), corpus.embedder, FakeClock(), tokens)
    yield World(corpus, tokens, deps, Caller(corpus.tenant_id, new_id(), Role.READER))
    await ledger.close()


async def test_it_is_shown_as_it_would_be_read(world: World) -> None:
    await world.corpus.plant(HEIGHT, title="Lights", source_uri="file:///lights.txt", page=2)
    question_id, drafted = await world.drafted()
    outcome = await settle(world.deps, drafted)
    assert outcome is not None
    assert (outcome.mode, outcome.citations) == (AnswerMode.EXTRACTIVE, 1)
    settled = world.deps.under_way.take_settled(question_id)
    assert settled is not None
    shown = view_of_settled(settled)
    assert shown == await present(world.deps, world.caller, question_id)
    assert (shown.state, shown.text) == (QuestionState.ANSWERED, f"{HEIGHT} [1]")
    assert world.tokens.said[question_id][-1].kind is TokenKind.DONE
    assert world.deps.under_way.take_settled(question_id) is None


async def test_once_the_clock_has_moved_its_sources_are_looked_at_again(world: World) -> None:
    planted = await world.corpus.plant(HEIGHT)
    question_id, drafted = await world.drafted()
    await world.corpus.change(planted, deleted_at=NOON)
    async with world.deps.ledger.write() as uow:
        await uow.tenants.advance(world.caller.tenant_id)
    assert await settle(world.deps, drafted) is None
    assert await world.answer(question_id) is None
    outcome = await finish(world.deps, drafted)
    assert (outcome.mode, outcome.reasons) == (AnswerMode.NO_ANSWER, [DegradedReason.SOURCE_WITHDRAWN])
    assert world.deps.under_way.take_settled(question_id) is None


async def test_another_process_does_not_settle_what_it_did_not_find(world: World) -> None:
    await world.corpus.plant(HEIGHT)
    question_id, drafted = await world.drafted()
    assert await settle(replace(world.deps, under_way=UnderWay()), drafted) is None
    assert await world.answer(question_id) is None


async def test_what_another_attempt_has_stored_stays(world: World) -> None:
    await world.corpus.plant(HEIGHT)
    question_id, drafted = await world.drafted()
    other = replace(world.deps, under_way=UnderWay())
    first = await finish(other, await generate(other, drafted.retrieved))
    stored = await world.answer(question_id)
    assert await settle(world.deps, drafted) is None
    assert await finish(world.deps, drafted) == first
    assert await world.answer(question_id) == stored
