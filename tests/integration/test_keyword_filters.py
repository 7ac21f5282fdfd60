"""Random rights, filters and words over the samples: SQLite, PostgreSQL and Weaviate find the same chunks."""

import random
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from lethe.adapters.keywords import SqliteKeywords, keywords_from_settings
from lethe.adapters.weaviate import WeaviateIndex
from lethe.model.attributes import attributes
from lethe.model.ids import Id, chunk_id, new_id
from lethe.model.indexes import BuildKind, BuildState, IndexBuild, collection_name
from lethe.model.terms import index_terms, query_terms
from lethe.ports.keywords import KeywordIndex
from lethe.ports.vectors import HybridQuery, IndexObject
from lethe.retrieval.filters import compile_filters
from lethe.settings import Settings, WeaviateSettings
from tests.integration.test_weaviate_filters import random_filter, random_metadata

SAMPLES = Path(__file__).parents[2] / "samples"
CHARACTERS = 400
ASKED = 150
DIMS = 4


@dataclass(frozen=True)
class Indexes:
    weaviate: WeaviateIndex
    keywords: dict[str, KeywordIndex]


@pytest.fixture
async def indexes(weaviate: WeaviateSettings, postgres_settings: Settings, tmp_path: Path) -> AsyncGenerator[Indexes]:
    index = WeaviateIndex.from_settings(Settings(weaviate=weaviate))
    postgres = keywords_from_settings(postgres_settings)
    yield Indexes(index, {"sqlite": SqliteKeywords(tmp_path / "keywords", 15), "postgres": postgres})
    await postgres.close()
    await index.close()


def pieces() -> list[tuple[str, list[str]]]:
    """Each sample's text, cut into pieces."""
    texts = [(file.name, file.read_text()) for file in sorted(SAMPLES.rglob("*.md")) + sorted(SAMPLES.rglob("*.txt"))]
    return [
        (name, [text[start : start + CHARACTERS] for start in range(0, len(text), CHARACTERS)]) for name, text in texts
    ]


def corpus(source: random.Random, groups: list[Id]) -> list[IndexObject]:
    vector = np.full(DIMS, 0.5, np.float32)
    objects: list[IndexObject] = []
    for _, chunks in pieces():
        version, readers = new_id(), tuple(source.sample(groups, source.randint(1, 3)))
        fields = attributes(random_metadata(source))
        objects += [
            IndexObject(chunk_id(version, at), version, version, at, index_terms(text, "en"), readers, fields, vector)
            for at, text in enumerate(chunks)
        ]
    return objects


async def test_the_keyword_builds_find_what_weaviate_finds_by_words(
    indexes: Indexes, record_property: Callable[[str, object], None]
) -> None:
    source = random.Random(11)
    tenant, groups = new_id(), [new_id() for _ in range(6)]
    objects = corpus(source, groups)
    build = IndexBuild(
        tenant, new_id(), BuildKind.VECTOR, "x", 1, collection_name("words/4"), BuildState.ACTIVE, 0, datetime.now(UTC)
    )
    await indexes.weaviate.create_build(build, DIMS)
    await indexes.weaviate.upsert(build, objects)
    for keywords in indexes.keywords.values():
        await keywords.create_build(build)
        await keywords.write(build, objects)
    texts = [text for _, chunks in pieces() for text in chunks]
    found_any, overlap = 0, list[float]()
    for _ in range(ASKED):
        words = source.sample(source.choice(texts).split(), 1) + source.sample(source.choice(texts).split(), 2)
        readers = frozenset(source.sample(groups, source.randint(1, 2)))
        filters = random_filter(source) if source.random() < 0.7 else None
        terms = query_terms(" ".join(words), ["en"])
        query = HybridQuery(terms, None, 0.0, len(objects), readers, compile_filters(filters))
        expected = [hit.chunk_id for hit in await indexes.weaviate.search(build, query)]
        found_any += 0 < len(expected) < len(objects)
        for name, keywords in indexes.keywords.items():
            found = [hit.chunk_id for hit in await keywords.search(build, query)]
            assert set(found) == set(expected), (name, filters, words)
            if len(expected) > 5:
                overlap.append(len(set(found[:5]) & set(expected[:5])) / 5)
    assert found_any > ASKED / 3
    record_property("questions, objects", f"{ASKED}, {len(objects)}")
    record_property("share of Weaviate's best five among the best five", f"{sum(overlap) / len(overlap):.2f}")
