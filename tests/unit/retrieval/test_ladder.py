"""What a search falls back to, and what it says of it."""

import asyncio
import random
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from lethe.adapters.breakers import Guards, LocalKeeper, Policies
from lethe.adapters.fakes.clock import FakeClock
from lethe.adapters.fakes.embedding import HashEmbedder
from lethe.adapters.fakes.keyring import FakeKeyRing
from lethe.adapters.fakes.vectors import InMemoryVectorIndex
from lethe.adapters.sql import SqlLedger
from lethe.errors import IndexUnavailable, LedgerUnavailable
from lethe.model.answers import DegradedReason
from lethe.model.ids import new_id
from lethe.model.indexes import BuildState
from lethe.model.terms import query_terms
from lethe.ports.breakers import WEAVIATE
from lethe.ports.vectors import HybridQuery
from lethe.privacy.short_lived import MEMORY_SECONDS
from lethe.retrieval.ladder import KNOWN_VECTORS, KeywordRung, KnownVectors
from lethe.retrieval.ranking import by_vectors
from lethe.settings import BreakerSettings, Settings
from tests.contract.passage_search import ANSWER, OTHER, QUESTION
from tests.corpus import NOW, Corpus

STORE, EMBEDDER = DegradedReason.VECTOR_STORE_DOWN, DegradedReason.EMBEDDER_DOWN


@pytest.fixture
async def corpus(sqlite_settings: Settings) -> AsyncGenerator[Corpus, None]:
    ledger = SqlLedger.from_settings(sqlite_settings)
    yield await Corpus.make(ledger, FakeKeyRing(), InMemoryVectorIndex(), HashEmbedder())
    await ledger.close()


def fail(corpus: Corpus, *, store: bool = False, embedder: bool = False, words: bool = False) -> None:
    assert isinstance(corpus.index, InMemoryVectorIndex)
    assert isinstance(corpus.embedder, HashEmbedder)
    corpus.index.is_down, corpus.embedder.is_down, corpus.keywords.is_down = store, embedder, words


async def test_without_the_vector_store_the_words_in_sql_answer(corpus: Corpus) -> None:
    wanted = await corpus.plant(ANSWER)
    await corpus.plant(OTHER)
    fail(corpus, store=True)
    found = await corpus.search().find(corpus.request(QUESTION))
    assert [passage.document_id for passage in found.passages] == [wanted.document.id]
    assert (found.reasons, found.build_id) == ((STORE,), corpus.keyword_build.id)
    # A question for vectors alone is answered by words too: better than nothing, and told.
    assert (await corpus.search().find(corpus.request(QUESTION, alpha=1.0))).reasons == (STORE,)


async def test_a_vector_build_that_its_store_has_lost_is_a_store_that_is_down(corpus: Corpus) -> None:
    await corpus.plant(ANSWER)
    await corpus.index.drop_build(corpus.build)
    found = await corpus.search().find(corpus.request(QUESTION))
    assert (len(found.passages), found.reasons) == (1, (STORE,))


async def test_both_losses_are_told(corpus: Corpus) -> None:
    await corpus.plant(ANSWER)
    fail(corpus, store=True, embedder=True)
    found = await corpus.search().find(corpus.request(QUESTION))
    assert (len(found.passages), set(found.reasons)) == (1, {STORE, EMBEDDER})


async def test_the_vector_of_a_question_asked_before_is_known(corpus: Corpus) -> None:
    await corpus.plant(ANSWER)
    await corpus.plant(OTHER)
    search = corpus.search()
    before = await search.find(corpus.request(QUESTION))
    fail(corpus, embedder=True)
    again = await search.find(corpus.request(QUESTION))
    assert (again.passages, again.reasons) == (before.passages, ())
    assert (await search.find(corpus.request(f"{QUESTION} Really?"))).reasons == (EMBEDDER,)


async def test_an_open_breaker_prepares_nothing_for_the_store(corpus: Corpus) -> None:
    await corpus.plant(ANSWER)
    clock, policies = FakeClock(), Policies(BreakerSettings())
    breakers = Guards(LocalKeeper(policies, clock), policies)
    search = corpus.search(breakers)
    fail(corpus, store=True)
    for _ in range(BreakerSettings().failures):
        await search.find(corpus.request(QUESTION))
    assert await breakers.is_open(WEAVIATE)
    assert isinstance(corpus.embedder, HashEmbedder)
    asked = len(corpus.embedder.texts)
    found = await search.find(corpus.request(QUESTION))
    assert (len(found.passages), found.reasons, len(corpus.embedder.texts)) == (1, (STORE,), asked)


async def test_the_wordings_of_a_question_are_one_call_for_the_breaker(corpus: Corpus) -> None:
    await corpus.plant(ANSWER)
    clock, policies = FakeClock(), Policies(BreakerSettings())
    breakers = Guards(LocalKeeper(policies, clock), policies)
    query = HybridQuery(query_terms(ANSWER, ()), None, 0.0, 10, frozenset({corpus.tenant_id}))
    rung = KeywordRung(corpus.ledger, corpus.keywords, breakers)
    rank = rung.above(by_vectors(corpus.index, corpus.build, [query] * 3))
    fail(corpus, store=True)
    for _ in range(BreakerSettings().failures):
        assert not await breakers.is_open(WEAVIATE)
        with pytest.raises(IndexUnavailable):
            await rank(10)
    assert await breakers.is_open(WEAVIATE)
    fail(corpus)
    with pytest.raises(IndexUnavailable, match="left alone") as failed:
        await rank(10)
    assert failed.value.retry_after == 30
    clock.advance(timedelta(seconds=30))
    assert len(await rank(10)) == 1
    assert not await breakers.is_open(WEAVIATE)


async def test_an_embedder_whose_calls_cannot_be_recorded_is_an_embedder_that_is_down(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ledger that takes no writes still says who may read what."""
    await corpus.plant(ANSWER)

    async def unrecorded(*_: object) -> None:
        raise LedgerUnavailable

    monkeypatch.setattr(corpus.embedder, "embed", unrecorded)
    found = await corpus.search().find(corpus.request(QUESTION))
    assert (len(found.passages), found.reasons) == (1, (EMBEDDER,))


@pytest.mark.parametrize("state", [BuildState.BUILDING, BuildState.RETIRED])
async def test_words_that_are_not_whole_are_not_served(corpus: Corpus, state: BuildState) -> None:
    await corpus.plant(ANSWER)
    async with corpus.ledger.write() as uow:
        await uow.builds.set_state(corpus.tenant_id, corpus.keyword_build.id, state)
    fail(corpus, store=True)
    with pytest.raises(IndexUnavailable):
        await corpus.search().find(corpus.request(QUESTION))


async def test_words_that_were_lost_are_told_as_unavailable(corpus: Corpus) -> None:
    await corpus.plant(ANSWER)
    fail(corpus, store=True)
    await corpus.keywords.drop_build(corpus.keyword_build)
    with pytest.raises(IndexUnavailable):
        await corpus.search().find(corpus.request(QUESTION))


async def test_words_that_take_too_long_are_told_as_unavailable(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    await corpus.plant(ANSWER)
    fail(corpus, store=True)
    search = corpus.search()

    async def hang(*_: object) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(corpus.keywords, "search", hang)
    async with asyncio.timeout(30):
        with pytest.raises(IndexUnavailable):
            await replace(search, words=replace(search.words, seconds=0.05)).find(corpus.request(QUESTION))


async def test_the_same_documents_are_readable_on_both_rungs(corpus: Corpus) -> None:
    """Whatever the index says of rights: both rungs go through the same gate."""
    source = random.Random(3)
    groups = [new_id() for _ in range(5)]
    for number in range(40):
        planted = await corpus.plant(
            f"The lighthouse {number} of Varnholm burns.",
            readers=tuple(source.sample(groups, source.randint(1, 3))),
            index_readers=tuple(groups),
            live_from=source.choice([1, NOW, NOW + 1]),
            live_until=source.choice([None, None, NOW, NOW + 1]),
        )
        if source.random() < 0.3:
            await corpus.change(planted, readers=[source.choice(groups)])
    for _ in range(15):
        request = corpus.request("lighthouse", 50, alpha=0.0, readers=source.sample(groups, source.randint(1, 2)))
        fail(corpus)
        above = await corpus.search().find(request)
        fail(corpus, store=True)
        below = await corpus.search().find(request)
        assert {passage.chunk_id for passage in below.passages} == {passage.chunk_id for passage in above.passages}
        assert above.passages


async def test_known_vectors_are_few_and_soon_forgotten() -> None:
    time, vector = [0.0], np.ones(3, np.float32)
    known = KnownVectors(now=lambda: time[0])
    for number in range(KNOWN_VECTORS + 1):
        known.keep("tenant", "spec", f"question {number}", vector)
    assert known.get("tenant", "spec", "question 0") is None
    assert known.get("tenant", "spec", "question 1") is vector
    assert known.get("other", "spec", "question 1") is None
    assert known.get("tenant", "other", "question 1") is None
    time[0] = MEMORY_SECONDS + 1
    assert known.get("tenant", "spec", "question 1") is None
