"""Answers given again: to whom, for how long, and what ends it. Over a real SQLite ledger and fakes of the rest."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from lethe.adapters.fakes.clock import FakeClock
from lethe.adapters.fakes.embedding import HashEmbedder
from lethe.adapters.fakes.keyring import FakeKeyRing
from lethe.adapters.fakes.tokens import RecordedTokens
from lethe.adapters.fakes.vectors import InMemoryVectorIndex
from lethe.adapters.sql import SqlLedger
from lethe.answering.caching import exact
from lethe.answering.caching.exact import look_up, share
from lethe.answering.caching.keys import CachePolicy
from lethe.answering.deps import Answering
from lethe.answering.request import AnswerRequest
from lethe.answering.steps import ask, finish, generate, retrieve
from lethe.answering.views import AnswerView, present
from lethe.contracts.answering import QuestionRef
from lethe.errors import LedgerUnavailable, QuestionNotFound
from lethe.model.answers import AnswerMode, Question, QuestionState
from lethe.model.ids import new_id
from lethe.model.indexes import BuildState
from lethe.model.principals import Caller, Role
from lethe.ports.ledger import Ledger, UnitOfWork
from lethe.settings import (
    CacheSettings,
    Settings,
)
from tests.corpus import NOON, Corpus, Planted

HEIGHT = "The lighthouse of Varnholm is 31 metres tall."
HOW_TALL = "How tall is the lighthouse of Varnholm?"


@dataclass(frozen=True, slots=True)
class World:
    corpus: Corpus
    deps: Answering
    clock: FakeClock
    caller: Caller

    def request(self, text: str = HOW_TALL, **fields: object) -> AnswerRequest:
        return AnswerRequest.model_validate({"text": text, "top_k": 5, "alpha": 0.5} | fields)

    async def asked(self, caller: Caller | None = None, text: str = HOW_TALL, **fields: object) -> Question:
        return await ask(self.deps, caller or self.caller, self.request(text, **fields), self.clock.now())

    async def answered(self, caller: Caller | None = None, text: str = HOW_TALL, **fields: object) -> Question:
        question = await self.asked(caller, text, **fields)
        ref = QuestionRef(tenant_id=question.tenant_id, question_id=question.id)
        await finish(self.deps, await generate(self.deps, await retrieve(self.deps, ref)))
        return question

    async def hit(self, caller: Caller | None = None, text: str = HOW_TALL, **fields: object) -> AnswerView | None:
        """What the cache answers."""
        who = caller or self.caller
        found = (await look_up(self.deps, who, self.request(text, **fields), new_id())).question
        return None if found is None else await present(self.deps, who, found.id)

    def with_policy(self, profile: str = "profile", **settings: Any) -> "World":
        return replace(self, deps=replace(self.deps, caching=CachePolicy(profile, CacheSettings(**settings))))

    def someone(self, *groups: str) -> Caller:
        return Caller(self.caller.tenant_id, new_id(), Role.READER, frozenset(groups))


@pytest.fixture
async def world(sqlite_settings: Settings) -> AsyncGenerator[World, None]:
    ledger, clock = SqlLedger.from_settings(sqlite_settings), FakeClock()
    corpus = await Corpus.make(ledger, FakeKeyRing(), InMemoryVectorIndex(), HashEmbedder())
    deps = Answering(
        ledger, corpus.keyring, corpus.search(), corpus.embedder, clock, RecordedTokens(),
        caching=CachePolicy("profile", CacheSettings()),
    )  # fmt: skip
    yield World(corpus, deps, clock, Caller(corpus.tenant_id, new_id(), Role.READER))
    await ledger.close()


@pytest.fixture
async def planted(world: World) -> Planted:
    return await world.corpus.plant(HEIGHT)


async def test_an_answer_erased_while_it_is_looked_at_is_a_miss(
    world: World, planted: Planted, monkeypatch: pytest.MonkeyPatch
):
    first, look_at = await world.answered(), exact.look_at

    async def erased_then(*given: Any) -> Any:
        kept = await look_at(*given)
        await world.corpus.keyring.destroy(first.tenant_id, [first.id])
        return kept

    monkeypatch.setattr(exact, "look_at", erased_then)
    assert await world.hit() is None


async def test_the_same_question_gets_the_same_answer_as_a_question_of_its_own(world: World, planted: Planted):
    assert await world.hit() is None
    first = await world.answered()
    made = await present(world.deps, world.caller, first.id)
    world.clock.advance(timedelta(minutes=2))
    again = await world.hit()
    assert again is not None
    assert again.question_id != first.id
    assert (again.mode, again.text, again.citations) == (made.mode, made.text, made.citations)
    assert (again.state, again.created_at) == (QuestionState.ANSWERED, world.clock.now())
    assert (made.cached_at, again.cached_at) == (None, again.created_at - timedelta(minutes=2))
    assert made.provenance is not None
    assert again.provenance == replace(made.provenance, timings_ms={})
    with pytest.raises(QuestionNotFound):
        await present(world.deps, world.someone(), again.question_id)
    async with world.deps.ledger.read() as uow:
        stored = await uow.questions.get(world.caller.tenant_id, again.question_id)
    assert stored is not None
    assert (stored.sealed_request, stored.answered_by) == (b"", first.id)


@pytest.mark.parametrize(
    "text",
    ["how tall is the lighthouse of varnholm", "  How tall is the  lighthouse of Varnholm ?", "Please, " + HOW_TALL],
)
async def test_case_spaces_marks_and_politeness_are_no_other_question(world: World, planted: Planted, text: str):
    await world.answered()
    assert await world.hit(text=text) is not None


@pytest.mark.parametrize("other", [{"top_k": 4}, {"alpha": 0.4}, {"text": "How tall is the lighthouse of Falsterbo?"}])
async def test_another_request_is_another_question(world: World, planted: Planted, other: Mapping[str, Any]):
    await world.answered()
    assert await world.hit(**other) is None


async def test_another_way_of_making_answers_finds_none_of_the_old(world: World, planted: Planted):
    await world.answered()
    assert await world.with_policy("another model").hit() is None
    assert await world.with_policy(answers=False).hit() is None
    async with world.deps.ledger.write() as uow:
        await uow.builds.set_state(world.caller.tenant_id, world.corpus.build.id, BuildState.RETIRED)
        await uow.builds.add(replace(world.corpus.build, id=new_id(), number=2))
    assert await world.hit() is None


async def test_rights_are_what_counts_not_who_asks(world: World, planted: Planted):
    await world.answered()
    colleague, group = world.someone(), new_id()
    assert await world.hit(colleague) is not None
    assert await world.hit(world.someone(group)) is None
    # Once a document names somebody, that somebody may read more than others.
    await world.corpus.plant("Something of the colleague's own.", readers=(colleague.principal_id,))
    assert await world.hit(colleague) is None
    assert await world.hit(world.someone()) is not None


async def test_nobody_gets_an_answer_from_what_they_may_not_read(world: World):
    group = new_id()
    await world.corpus.plant(HEIGHT, readers=(group,))
    member = world.someone(group)
    await world.answered(member)
    assert await world.hit(member) is not None
    assert await world.hit(world.someone()) is None


@pytest.mark.parametrize(
    "how", [{"deleted_at": NOON}, {"fenced_at": NOON}, {"readers": ["7f0ffefe-0000-7000-8000-000000000000"]}]
)
async def test_a_withdrawn_source_ends_it_at_once_also_an_uncited_one(world: World, how: Mapping[str, Any]):
    await world.corpus.plant(HEIGHT)
    uncited = await world.corpus.plant("The lighthouse of Varnholm is white.")
    view = await present(world.deps, world.caller, (await world.answered()).id)
    assert uncited.document.id not in {cited.document_id for cited in view.citations}
    assert await world.hit() is not None
    await world.corpus.change(uncited, **how)
    assert await world.hit() is None
    # The entry is gone, so that nothing comes back with the document.
    await world.corpus.change(uncited, deleted_at=None, fenced_at=None, readers=(world.caller.tenant_id,))
    assert await world.hit() is None


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """A ledger in which something else is committed just before each unit that writes."""

    ledger: Ledger
    change: Callable[[], Awaitable[None]]

    def read(self) -> AbstractAsyncContextManager[UnitOfWork]:
        return self.ledger.read()

    @asynccontextmanager
    async def write(self) -> AsyncGenerator[UnitOfWork, None]:
        await self.change()
        async with self.ledger.write() as unit:
            yield unit


async def test_what_is_withdrawn_between_look_up_and_commit_is_not_shown(world: World, planted: Planted):
    async def withdraw() -> None:
        await world.corpus.change(planted, deleted_at=NOON)
        async with world.deps.ledger.write() as uow:
            await uow.tenants.advance(world.caller.tenant_id)

    await world.answered()
    assert (await look_up(world.deps, world.caller, world.request(), new_id())).view is not None
    deps = replace(world.deps, ledger=Meanwhile(world.deps.ledger, withdraw))
    found = await look_up(deps, world.caller, world.request(), new_id())
    assert found.question is not None
    assert found.view is None
    assert (await present(world.deps, world.caller, found.question.id)).citations == ()


async def test_it_lives_for_a_quarter_of_an_hour(world: World, planted: Planted):
    await world.answered()
    world.clock.advance(timedelta(seconds=899))
    assert await world.hit() is not None
    world.clock.advance(timedelta(seconds=1))
    assert await world.hit() is None


async def test_no_store_is_neither_given_an_answer_nor_gives_one(world: World, planted: Planted):
    await world.answered(no_store=True)
    assert await world.hit() is None
    await world.answered()
    assert await world.hit(no_store=True) is None
    assert await world.hit() is not None


async def test_what_is_less_than_it_could_be_is_not_kept(world: World):
    view = await present(world.deps, world.caller, (await world.answered(text="Who sails?")).id)
    assert view.mode is AnswerMode.NO_ANSWER
    assert await world.hit(text="Who sails?") is None
    await world.corpus.plant(HEIGHT)
    assert isinstance(world.corpus.embedder, HashEmbedder)
    world.corpus.embedder.is_down = True
    view = await present(world.deps, world.caller, (await world.answered()).id)
    assert (view.mode, view.is_degraded) == (AnswerMode.EXTRACTIVE, True)
    assert await world.hit() is None
    world.corpus.embedder.is_down = False
    await world.answered()
    assert await world.hit() is not None


async def test_a_question_that_waited_shares_an_answer_it_may_read(world: World, planted: Planted):
    leader, follower = await world.answered(no_store=True), await world.asked(no_store=True)
    assert await share(world.deps, world.caller, follower.id, leader.id)
    view = await present(world.deps, world.caller, follower.id)
    assert (view.state, view.text) == (QuestionState.ANSWERED, f"{HEIGHT} [1]")
    third = await world.asked()
    await world.corpus.change(planted, deleted_at=NOON)
    assert not await share(world.deps, world.caller, third.id, leader.id)
    assert not await share(world.deps, world.caller, third.id, new_id())


async def test_a_ledger_that_takes_no_writes_gives_nothing_again(
    world: World, planted: Planted, monkeypatch: pytest.MonkeyPatch
):
    await world.answered()

    def refused(_: object) -> None:
        raise LedgerUnavailable

    monkeypatch.setattr(type(world.deps.ledger), "write", refused)
    assert await world.hit() is None


async def test_an_answer_goes_for_everybody_when_it_is_erased(world: World, planted: Planted):
    first = await world.answered()
    again = await world.hit()
    assert again is not None
    async with world.deps.ledger.write() as uow:
        assert await uow.questions.delete(world.caller.tenant_id, [first.id]) == 1
    with pytest.raises(QuestionNotFound):
        await present(world.deps, world.caller, again.question_id)
    assert await world.hit() is None
