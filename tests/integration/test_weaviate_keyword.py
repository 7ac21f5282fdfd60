"""Fresh text is found by keyword at once: the first answers after an import equal an exhaustive ranking."""

import random
import time
from collections.abc import AsyncGenerator
from datetime import UTC, datetime

import numpy as np
import pytest

from lethe.adapters.fakes.held import bm25
from lethe.adapters.weaviate import WeaviateIndex
from lethe.model.ids import chunk_id, new_id
from lethe.model.indexes import BuildKind, BuildState, IndexBuild, collection_name
from lethe.model.terms import index_terms, query_terms
from lethe.ports.vectors import HybridQuery, IndexObject
from lethe.settings import Settings, WeaviateSettings

CHUNKS = 1_200
CHUNKS_PER_VERSION = 30
QUESTIONS = 60
ASKED_SOON = 50
DIMS = 16


def vocabulary(source: random.Random) -> list[str]:
    syllables = [consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in "aeiou"]
    return ["".join(source.choices(syllables, k=source.randint(2, 4))) for _ in range(6_000)]


def write(source: random.Random, words: list[str], length: int) -> str:
    """Words by Zipf's law, as in any language: a few everywhere, most of them rare."""
    weights = [1 / (rank + 2) for rank in range(len(words))]
    return " ".join(source.choices(words, weights, k=length))


@pytest.fixture
async def index(weaviate: WeaviateSettings) -> AsyncGenerator[WeaviateIndex, None]:
    index = WeaviateIndex.from_settings(Settings(weaviate=weaviate))
    yield index
    await index.close()


async def test_the_first_answers_after_an_import_equal_an_exhaustive_ranking(index: WeaviateIndex) -> None:
    source = random.Random(3)
    words = vocabulary(source)
    texts = [write(source, words, source.randint(20, 250)) for _ in range(CHUNKS)]
    questions = [query_terms(write(source, words, source.randint(3, 9)), ["en"]) for _ in range(QUESTIONS)]
    tenant = new_id()
    build = IndexBuild(
        tenant,
        new_id(),
        BuildKind.VECTOR,
        "x",
        1,
        collection_name("keyword/16"),
        BuildState.ACTIVE,
        0,
        datetime.now(UTC),
    )
    versions = [(new_id(), new_id()) for _ in range(CHUNKS // CHUNKS_PER_VERSION)]
    vectors = np.random.default_rng(3).normal(size=(CHUNKS, DIMS)).astype(np.float32)
    objects = [
        IndexObject(
            chunk_id=chunk_id(versions[at // CHUNKS_PER_VERSION][0], at % CHUNKS_PER_VERSION),
            document_id=versions[at // CHUNKS_PER_VERSION][1],
            version_id=versions[at // CHUNKS_PER_VERSION][0],
            ordinal=at % CHUNKS_PER_VERSION,
            terms=index_terms(text, "en"),
            readers=(tenant,),
            attributes=(),
            vector=vectors[at] / np.linalg.norm(vectors[at]),
        )
        for at, text in enumerate(texts)
    ]
    await index.create_build(build, DIMS)
    began = time.monotonic()
    await index.upsert(build, objects)

    imported = time.monotonic()
    # A slow machine is slow at both.
    soon = max(1.0, imported - began)
    answers: list[list[str]] = []
    in_time = 0
    for question in questions:
        query = HybridQuery(terms=question, vector=None, alpha=0.0, limit=10, readers=frozenset({tenant}))
        answers.append([hit.chunk_id for hit in await index.search(build, query)])
        in_time += time.monotonic() - imported <= soon

    assert in_time >= ASKED_SOON
    held = {item.chunk_id: item.terms for item in objects}
    for question, answer in zip(questions, answers, strict=True):
        exact = bm25(question, held)
        best = sorted(exact.values(), reverse=True)[:10]
        # By score: equal scores may come in any order, and a text that does not match may not come at all.
        np.testing.assert_allclose([exact[found] for found in answer], best, rtol=1e-4)
