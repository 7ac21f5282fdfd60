"""An earlier answer found by other words, with an embedder to which all questions are alike: the words decide."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import pytest

from lethe.adapters.fakes.clock import FakeClock
from lethe.adapters.fakes.embedding import HashEmbedder
from lethe.adapters.fakes.keyring import FakeKeyRing
from lethe.adapters.fakes.tokens import RecordedTokens
from lethe.adapters.fakes.vectors import InMemoryVectorIndex
from lethe.adapters.sql import SqlLedger
from lethe.answering.caching.exact import look_up
from lethe.answering.caching.keys import Asker, CachePolicy, answer_key
from lethe.answering.caching.similar import embedding_meanwhile, recall_similar
from lethe.answering.deps import Answering
from lethe.answering.request import AnswerRequest
from lethe.answering.steps import ask, finish, generate, look_ahead, retrieve
from lethe.answering.vectors import QuestionVectors
from lethe.answering.views import present
from lethe.contracts.answering import QuestionRef
from lethe.errors import EmbedderUnavailable, LedgerUnavailable
from lethe.model.answers import DegradedReason, Question
from lethe.model.ids import new_id
from lethe.model.principals import Caller, Role
from lethe.model.processors import Origin
from lethe.ports.embedding import InputKind, Vectors
from lethe.ports.keyring import SecretPurpose
from lethe.settings import CacheSettings, Settings
from tests.corpus import NOON, Corpus, Planted
from tests.statements import counting

HEIGHT = "The lighthouse of Varnholm is 31 metres tall."
HOW_TALL = "How tall is the lighthouse of Varnholm?"
HOW_HIGH = "How high is Varnholm's lighthouse?"


class Indifferent(HashEmbedder):
    """All questions have one vector."""

    def __init__(self) -> None:
        super().__init__()
        self.questions = 0

    async def embed(self, texts: Sequence[str], kind: InputKind, origin: Origin | None = None) -> Vectors:
        vectors = await super().embed(texts, kind, origin)
        if kind is InputKind.QUERY:
            self.questions += 1
            vectors = np.eye(1, vectors.shape[1], dtype=np.float32).repeat(len(texts), axis=0)
        return vectors


@dataclass(frozen=True, slots=True)
class World:
    corpus: Corpus
    deps: Answering
    clock: FakeClock
    caller: Caller
    embedder: Indifferent

    async def recalled(
        self, text: str, caller: Caller | None = None, **fields: object
    ) -> tuple[Question, AnswerRequest, bool]:
        who = caller or self.caller
        request = AnswerRequest.model_validate({"text": text, "top_k": 5, "alpha": 0.5} | fields)
        looked = await look_up(self.deps, who, request, new_id())
        question = await ask(self.deps, who, request, self.clock.now(), place=looked.place)
        return question, request, await recall_similar(self.deps, who, question.id)

    async def answered(self, text: str = HOW_TALL, *, no_store: bool = False) -> Question:
        """Made anew."""
        question, _, is_given = await self.recalled(text, no_store=no_store)
        assert not is_given
        ref = QuestionRef(tenant_id=question.tenant_id, question_id=question.id)
        await finish(self.deps, await generate(self.deps, await retrieve(self.deps, ref)))
        return question

    async def finds(self, text: str = HOW_HIGH, caller: Caller | None = None) -> bool:
        return (await self.recalled(text, caller))[2]


@pytest.fixture
async def world(sqlite_settings: Settings) -> AsyncGenerator[World, None]:
    ledger, clock, embedder = SqlLedger.from_settings(sqlite_settings), FakeClock(), Indifferent()
    corpus = await Corpus.make(ledger, FakeKeyRing(), InMemoryVectorIndex(), HashEmbedder())
    deps = Answering(
        ledger, corpus.keyring, corpus.search(), embedder, clock, RecordedTokens(),
        caching=CachePolicy("profile", CacheSettings()),
    )  # fmt: skip
    yield World(corpus, deps, clock, Caller(corpus.tenant_id, new_id(), Role.READER), embedder)
    await ledger.close()


@pytest.fixture
async def planted(world: World) -> Planted:
    return await world.corpus.plant(HEIGHT)


async def test_a_model_in_this_process_embeds_while_the_question_is_stored(world: World, planted: Planted):
    here = frozenset({world.embedder.spec.key})
    for in_process, text, before, after in ((here, HOW_TALL, 1, 1), (frozenset[str](), HOW_HIGH, 1, 2)):
        request = AnswerRequest(text=text, top_k=5, alpha=0.5)
        deps = replace(world.deps, in_process=in_process)
        place = (await look_up(deps, world.caller, request, new_id())).place
        question_id = new_id()
        async with embedding_meanwhile(deps, question_id, request, place):
            await ask(deps, world.caller, request, world.clock.now(), question_id, place)
        assert world.embedder.questions == before
        assert not await recall_similar(deps, world.caller, question_id)
        assert world.embedder.questions == after


async def test_the_search_begins_ahead_of_its_step_where_that_asks_nobody_outside(world: World, planted: Planted):
    for freely in (True, False):
        deps = replace(world.deps, searches_freely=freely)
        request = AnswerRequest(text=HOW_TALL, top_k=5, alpha=0.5)
        place = (await look_up(deps, world.caller, request, new_id())).place
        question = await ask(deps, world.caller, request, world.clock.now(), place=place)
        assert not await recall_similar(deps, world.caller, question.id)
        with counting() as counted:
            look_ahead(deps, question.id)
            async with asyncio.timeout(60):
                while freely and not counted.units:
                    await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)
        assert (counted.units > 0) is freely
        ref = QuestionRef(tenant_id=question.tenant_id, question_id=question.id)
        first, again = await retrieve(deps, ref), await retrieve(deps, ref)
        assert [passage.chunk_id for passage in first.passages] == [planted.chunks[0].id]
        assert again.passages == first.passages


async def test_of_a_question_that_is_not_stored_no_vector_is_kept(world: World, planted: Planted):
    request = AnswerRequest(text=HOW_TALL, top_k=5, alpha=0.5)
    deps = replace(world.deps, in_process=frozenset({world.embedder.spec.key}))
    place = (await look_up(deps, world.caller, request, new_id())).place
    question_id = new_id()
    assert place
    async with embedding_meanwhile(deps, question_id, request, place):
        assert deps.under_way.embedding(place.key.whole)
    assert deps.under_way.vector(question_id) is None
    assert deps.under_way.embedding(place.key.whole) is None


async def test_other_words_find_the_answer_for_a_question_of_their_own(world: World, planted: Planted):
    first = await world.answered()
    world.clock.advance(timedelta(minutes=1))
    second, _, is_given = await world.recalled(HOW_HIGH)
    assert is_given
    view = await present(world.deps, world.caller, second.id)
    assert (view.text, view.question_id) == (f"{HEIGHT} [1]", second.id)
    assert view.cached_at == (await present(world.deps, world.caller, first.id)).created_at


@pytest.mark.parametrize(
    "text",
    ["How tall is the lighthouse of Falsterbo?", "How tall was the lighthouse of Varnholm?", "How tall isn't it?"],
)
async def test_another_question_finds_nothing_however_near(world: World, planted: Planted, text: str):
    await world.answered()
    assert not await world.finds(text)


async def test_what_was_withdrawn_or_erased_is_not_found_though_its_vector_is_open(world: World, planted: Planted):
    first = await world.answered()
    assert await world.finds()
    await world.corpus.change(planted, deleted_at=NOON)
    assert not await world.finds()
    await world.corpus.change(planted, deleted_at=None)
    assert await world.finds()
    async with world.deps.ledger.write() as uow:
        assert await uow.questions.delete(world.caller.tenant_id, [first.id])
    assert not await world.finds()


async def test_rights_and_time_are_as_for_the_same_words(world: World, planted: Planted):
    await world.answered()
    group = new_id()
    assert not await world.finds(caller=replace(world.caller, groups=frozenset({group})))
    assert await world.finds(caller=Caller(world.caller.tenant_id, new_id(), Role.READER))
    world.clock.advance(timedelta(minutes=15))
    assert not await world.finds()


async def test_no_store_and_settings_keep_it_out(world: World, planted: Planted):
    await world.answered(no_store=True)
    assert not await world.finds()
    await world.answered()
    assert not (await world.recalled(HOW_HIGH, no_store=True))[2]
    off = replace(world.deps, caching=CachePolicy("profile", CacheSettings(similar=False)))
    assert not await replace(world, deps=off).finds()


async def test_a_vector_is_sealed_and_dies_with_its_question(world: World, planted: Planted):
    first = await world.answered()
    request = AnswerRequest(text=HOW_HIGH, top_k=5, alpha=0.5)
    asker = Asker.of(first, await world.deps.keyring.secret(first.tenant_id, SecretPurpose.DIGEST))
    async with world.deps.ledger.read() as uow:
        standing = await uow.answer_cache.standing(first.tenant_id, first.principal_id)
        key = answer_key(world.deps.caching, asker, request, standing, world.corpus.build.id)
        lookups = await uow.answer_cache.newest(first.tenant_id, key.bucket, NOON - timedelta(seconds=1), 9)
    assert [each.question_id for each in lookups] == [first.id]
    sealed = lookups[0].sealed_vector
    assert sealed is not None
    assert len(sealed) == 12 + 2 * world.embedder.spec.dims + 16
    await world.deps.keyring.destroy(first.tenant_id, [first.id])
    assert not await replace(world, deps=replace(world.deps, vectors=QuestionVectors())).finds()


async def test_a_question_is_embedded_once_for_the_cache_and_the_search(world: World, planted: Planted):
    question, _, is_given = await world.recalled(HOW_TALL)
    assert (is_given, world.embedder.questions) == (False, 1)
    assert isinstance(world.corpus.embedder, HashEmbedder)
    world.corpus.embedder.is_down = True  # the search's own
    ref = QuestionRef(tenant_id=question.tenant_id, question_id=question.id)
    assert (await retrieve(world.deps, ref)).reasons == []


async def test_without_the_embedder_nothing_is_found_and_the_search_does_not_wait_again(world: World, planted: Planted):
    await world.answered()
    world.embedder.is_down = True
    question, _, is_given = await world.recalled(HOW_HIGH)
    assert not is_given
    ref = QuestionRef(tenant_id=question.tenant_id, question_id=question.id)
    assert (await retrieve(world.deps, ref)).reasons == [DegradedReason.EMBEDDER_DOWN]
    with pytest.raises(EmbedderUnavailable):
        await world.embedder.embed(["x"], InputKind.QUERY)


async def test_a_ledger_that_cannot_record_the_call_is_an_embedder_that_is_down(
    world: World, planted: Planted, monkeypatch: pytest.MonkeyPatch
):
    async def unrecorded(*_: object) -> None:
        raise LedgerUnavailable

    monkeypatch.setattr(world.embedder, "embed", unrecorded)
    question, _, is_given = await world.recalled(HOW_HIGH)
    assert not is_given
    asked = world.deps.under_way.vector(question.id)
    assert asked is not None
    assert asked.reasons == (DegradedReason.EMBEDDER_DOWN,)
