from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest

from lethe.adapters.fakes.embedding import HashEmbedder
from lethe.adapters.fakes.keyring import FakeKeyRing
from lethe.adapters.fakes.vectors import InMemoryVectorIndex
from lethe.adapters.sql import SqlLedger
from lethe.model.indexes import EmbeddingSpec, IndexBuild
from lethe.ports.vectors import Hit, HybridQuery
from lethe.retrieval.languages import question_languages
from lethe.retrieval.ranking import appended, fused
from lethe.settings import Settings
from tests.corpus import Corpus


class EnglishOnly(HashEmbedder):
    """Under the name of a model that knows English only."""

    @property
    def spec(self) -> EmbeddingSpec:
        return replace(super().spec, model="all-MiniLM-L6-v2-int8")


class Asked(InMemoryVectorIndex):
    """Remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.alphas: list[float] = []

    async def search(self, build: IndexBuild, query: HybridQuery) -> list[Hit]:
        self.alphas.append(query.alpha)
        return await super().search(build, query)


@pytest.fixture
async def corpus(sqlite_settings: Settings) -> AsyncGenerator[Corpus, None]:
    ledger = SqlLedger.from_settings(sqlite_settings)
    yield await Corpus.make(ledger, FakeKeyRing(), Asked(), EnglishOnly())
    await ledger.close()


def hit(name: str, score: float) -> Hit:
    return Hit(name, "version", "document", score)


def test_several_rankings_become_one_by_their_mean_scores():
    one, other = [hit("a", 1.0), hit("b", 0.5)], [hit("b", 1.0), hit("c", 0.2)]
    assert [(each.chunk_id, each.score) for each in fused([one, other])] == [("b", 0.75), ("a", 0.5), ("c", 0.1)]
    assert fused([one]) == one


def test_what_is_appended_comes_after_and_scores_less():
    joined = appended([hit("a", 1.0), hit("b", 0.5)], [hit("b", 0.9), hit("c", 0.8)])
    assert [(each.chunk_id, each.score) for each in joined] == [("a", 1.0), ("b", 0.5), ("c", 0.4)]
    assert appended([], [hit("c", 0.8)]) == [hit("c", 0.8)]


@pytest.mark.parametrize(
    ("text", "alpha", "asked"),
    [
        ("How tall is the lighthouse?", None, [0.5]),
        ("Wie hoch ist der Leuchtturm?", None, [0.0, 1.0]),
        ("Wie hoch ist der Leuchtturm?", 0.5, [0.5]),
        ("Wie hoch ist der Leuchtturm?", 1.0, [1.0]),
    ],
)
async def test_a_language_the_model_does_not_know_is_ranked_by_its_words(
    corpus: Corpus, text: str, alpha: float | None, asked: list[float]
):
    await corpus.plant("The lighthouse is tall.", "Der Leuchtturm ist hoch.", language="de")
    found = await corpus.search().find(replace(corpus.request(text), alpha=alpha))
    assert isinstance(corpus.index, Asked)
    assert sorted(corpus.index.alphas) == asked
    assert {passage.ordinal for passage in found.passages} == {0, 1}


async def test_words_first_is_a_setting(corpus: Corpus):
    await corpus.plant("Der Leuchtturm ist hoch.", language="de")
    await corpus.search(words_first=False).find(replace(corpus.request("Wie hoch ist der Leuchtturm?"), alpha=None))
    assert isinstance(corpus.index, Asked)
    assert corpus.index.alphas == [0.5]


def test_a_script_tells_the_language_where_no_function_word_does():
    assert question_languages("Напряжение батареи?") == ("ru", "")
    assert question_languages("Τάση μπαταρίας;") == ("el", "")
