"""What becomes of what was found: doubles, the floor, the reranker and its failures."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

import pytest

from lethe.adapters.fakes.embedding import HashEmbedder
from lethe.adapters.fakes.keyring import FakeKeyRing
from lethe.adapters.fakes.rerank import OverlapReranker
from lethe.adapters.fakes.vectors import InMemoryVectorIndex
from lethe.adapters.sql import SqlLedger
from lethe.errors import ProviderNotAllowed
from lethe.model.answers import DegradedReason
from lethe.model.processors import Origin
from lethe.ports.rerank import Reranker
from lethe.ports.search import Found, Passage, SearchRequest
from lethe.retrieval.duplicates import without_near_duplicates
from lethe.retrieval.floors import Scorer, floor_of
from lethe.settings import RetrievalSettings, Settings
from tests.corpus import Corpus
from tests.unit.answering.passages import passage

LONG = "The lighthouse of Varnholm stands on the northern pier and has been there for more than a hundred years now"


@pytest.fixture
async def corpus(sqlite_settings: Settings) -> AsyncGenerator[Corpus, None]:
    ledger = SqlLedger.from_settings(sqlite_settings)
    yield await Corpus.make(ledger, FakeKeyRing(), InMemoryVectorIndex(), HashEmbedder())
    await ledger.close()


async def find(corpus: Corpus, request: SearchRequest, reranker: Reranker | None = None, seconds: float = 1.5) -> Found:
    return await replace(corpus.search(), reranker=reranker, rerank_seconds=seconds).find(request)


def passage_of(text: str, hmac: str) -> Passage:
    return replace(passage(text), text_hmac=hmac)


def texts(found: Found) -> list[str]:
    return [each.text for each in found.passages]


def test_of_two_passages_that_say_the_same_the_better_stays():
    near = LONG.replace("hundred", "thousand")
    other = "Bread is baked from flour, water and salt in an oven that has been hot since the morning."
    given = [passage_of(text, str(at)) for at, text in enumerate([LONG, near, other, LONG.upper()])]
    assert [each.text for each in without_near_duplicates(given, 0.5)] == [LONG, other]
    assert [each.text for each in without_near_duplicates(given, 1.0)] == [LONG, near, other]
    same = [passage_of("One.", "a"), passage_of("Two.", "a")]
    assert [each.text for each in without_near_duplicates(same, 1.0)] == ["One."]


def test_chunks_that_overlap_a_little_are_no_doubles():
    words = [f"word{number}" for number in range(120)]
    given = [passage_of(" ".join(words[:70]), "a"), passage_of(" ".join(words[50:]), "b")]
    assert len(list(without_near_duplicates(given, 0.5))) == 2


async def test_an_answer_gets_no_doubles_and_a_search_does(corpus: Corpus):
    await corpus.plant_many([[LONG], [LONG + "."], ["The lighthouse of Varnholm is white."]])
    request = corpus.request("Where is the lighthouse of Varnholm?", 3)
    assert len(texts(await find(corpus, request))) == 3
    assert len(texts(await find(corpus, replace(request, for_answer=True)))) == 2


def test_a_relative_floor_counts_only_where_there_was_enough_to_compare():
    settings = RetrievalSettings()
    assert floor_of(Scorer.FUSED, 49, settings) == floor_of(Scorer.WORDS, 49, settings) == 0.0
    assert floor_of(Scorer.FUSED, 50, settings) == settings.floor_fused
    assert floor_of(Scorer.WORDS, 50, settings) == settings.floor_words
    assert floor_of(Scorer.COSINE, 1, settings) == settings.floor_cosine


async def test_with_nothing_above_the_floor_an_answer_gets_nothing_and_a_search_does(corpus: Corpus):
    await corpus.plant("Bread is baked from flour.")
    request = corpus.request("Where is the lighthouse?", alpha=1.0)
    assert len((await find(corpus, request)).passages) == 1
    found = await find(corpus, replace(request, for_answer=True))
    assert (found.passages, found.reasons) == ((), ())
    assert found.trace is not None
    assert len(found.trace.candidates) == 1


async def test_a_reranker_orders_and_both_scores_are_kept(corpus: Corpus):
    await corpus.plant("Lighthouse lighthouse lighthouse.", "How tall is the lighthouse ? It is tall .", "Bread.")
    reranker = OverlapReranker()
    found = await find(corpus, corpus.request("How tall is the lighthouse ?", 2), reranker)
    assert texts(found)[0] == "How tall is the lighthouse ? It is tall ."
    assert len(reranker.asked[0][1]) == 3
    assert found.trace is not None
    scored = [(each.fused, each.reranked) for each in found.trace.candidates]
    assert scored == sorted(scored, key=lambda each: -(each[1] or 0))
    assert found.passages[0].score == found.trace.candidates[0].fused
    assert "rerank" in found.timings_ms
    unasked = await find(corpus, replace(corpus.request("How tall is the lighthouse ?"), rerank=False), reranker)
    assert (len(reranker.asked), "rerank" in unasked.timings_ms) == (1, False)


class Hanging:
    async def rerank(self, question: str, passages: Sequence[str], origin: Origin) -> list[float]:
        await asyncio.sleep(60)
        return []


class Refused:
    async def rerank(self, question: str, passages: Sequence[str], origin: Origin) -> list[float]:
        raise ProviderNotAllowed


async def test_without_the_reranker_the_order_of_the_search_stands_and_it_is_told(corpus: Corpus):
    await corpus.plant("The lighthouse is tall.", "The lighthouse.", "Bread.")
    request = corpus.request("How tall is the lighthouse?")
    as_found = texts(await find(corpus, request))
    down = OverlapReranker()
    down.is_down = True
    found = await find(corpus, request, down)
    assert (texts(found), found.reasons) == (as_found, (DegradedReason.RERANKER_DOWN,))
    found = await find(corpus, request, Hanging(), seconds=0.05)
    assert (texts(found), found.reasons) == (as_found, (DegradedReason.RERANKER_DOWN,))
    found = await find(corpus, request, Refused())
    assert (texts(found), found.reasons) == (as_found, ())
