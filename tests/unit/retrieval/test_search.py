"""The contract of the search over fakes, and what it does when a part fails."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest

from lethe.adapters.fakes.embedding import HashEmbedder
from lethe.adapters.fakes.keyring import FakeKeyRing
from lethe.adapters.fakes.vectors import InMemoryVectorIndex
from lethe.adapters.sql import SqlLedger
from lethe.errors import IndexUnavailable
from lethe.model.answers import DegradedReason
from lethe.model.ids import new_id
from lethe.model.indexes import BuildState
from lethe.settings import Settings
from tests.contract.passage_search import ANSWER, OTHER, QUESTION, PassageSearchContract
from tests.corpus import Corpus


@pytest.fixture
async def corpus(sqlite_settings: Settings) -> AsyncGenerator[Corpus, None]:
    ledger = SqlLedger.from_settings(sqlite_settings)
    yield await Corpus.make(ledger, FakeKeyRing(), InMemoryVectorIndex(), HashEmbedder())
    await ledger.close()


class TestSearchOverFakes(PassageSearchContract):
    @pytest.fixture
    async def corpus(self, sqlite_settings: Settings) -> AsyncGenerator[Corpus, None]:
        ledger = SqlLedger.from_settings(sqlite_settings)
        yield await Corpus.make(ledger, FakeKeyRing(), InMemoryVectorIndex(), HashEmbedder())
        await ledger.close()


async def test_without_the_embedder_words_alone_are_searched_and_it_is_told(corpus: Corpus):
    wanted = await corpus.plant(ANSWER)
    await corpus.plant(OTHER)
    assert isinstance(corpus.embedder, HashEmbedder)
    corpus.embedder.is_down = True
    found = await corpus.search().find(corpus.request(QUESTION))
    assert [passage.document_id for passage in found.passages] == [wanted.document.id]
    assert found.reasons == (DegradedReason.EMBEDDER_DOWN,)
    assert (await corpus.search().find(corpus.request(QUESTION, alpha=0.0))).reasons == ()


async def test_an_embedder_that_hangs_is_an_embedder_that_is_down(corpus: Corpus, monkeypatch: pytest.MonkeyPatch):
    await corpus.plant(ANSWER)

    async def hang(*_: object) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(corpus.embedder, "embed", hang)
    found = await corpus.search(embed_seconds=0.01).find(corpus.request(QUESTION))
    assert len(found.passages) == 1
    assert found.reasons == (DegradedReason.EMBEDDER_DOWN,)


async def test_vectors_of_another_model_are_not_compared(corpus: Corpus):
    await corpus.plant(ANSWER)
    other = replace(corpus.build, id=new_id(), number=2, spec="other@1/384/none", collection="Other")
    async with corpus.ledger.write() as uow:
        await uow.builds.set_state(corpus.tenant_id, corpus.build.id, BuildState.RETIRED)
        await uow.builds.add(other)
    await corpus.index.create_build(other, 384)
    moved = replace(corpus, build=other)
    await moved.plant(ANSWER)
    found = await moved.search().find(moved.request(QUESTION))
    assert (len(found.passages), found.reasons) == (1, (DegradedReason.EMBEDDER_DOWN,))


async def test_indexes_that_are_both_down_are_an_error_by_name(corpus: Corpus):
    assert isinstance(corpus.index, InMemoryVectorIndex)
    corpus.index.is_down = corpus.keywords.is_down = True
    with pytest.raises(IndexUnavailable):
        await corpus.search().find(corpus.request(QUESTION))


async def test_a_tenant_with_nothing_indexed_finds_nothing(corpus: Corpus):
    async with corpus.ledger.write() as uow:
        await uow.builds.set_state(corpus.tenant_id, corpus.build.id, BuildState.RETIRED)
    found = await corpus.search().find(corpus.request(QUESTION))
    assert (found.passages, found.reasons, found.build_id) == ((), (), None)


async def test_reopened_passages_keep_the_order_and_the_scores_given(corpus: Corpus):
    planted = await corpus.plant("First.", "Second.", "Third.")
    scores = {planted.chunks[number].id: score for number, score in [(2, 0.1), (0, 0.9), (1, 0.5)]}
    opened = await corpus.search().reopen(corpus.tenant_id, scores, seq=100, readers=frozenset([corpus.tenant_id]))
    assert [(passage.text, passage.score) for passage in opened] == [("Third.", 0.1), ("First.", 0.9), ("Second.", 0.5)]


async def test_around_what_was_found_stands_what_comes_before_and_after_it(corpus: Corpus):
    first = await corpus.plant("Zero.", "One.", "Two.", "Three.", "Four.")
    other = await corpus.plant("Alone.")
    search = corpus.search()
    readers = frozenset([corpus.tenant_id])
    scores = {first.chunks[1].id: 0.9, first.chunks[2].id: 0.5, other.chunks[0].id: 0.4}
    found = await search.reopen(corpus.tenant_id, scores, seq=100, readers=readers)
    beside = await search.around(corpus.tenant_id, found, seq=100, readers=readers)
    assert {(passage.text, passage.score) for passage in beside} == {("Zero.", 0.9), ("Three.", 0.5)}
    assert await search.around(corpus.tenant_id, found, seq=100, readers=frozenset([new_id()])) == []
    assert await corpus.search(neighbours=0).around(corpus.tenant_id, found, seq=100, readers=readers) == []
