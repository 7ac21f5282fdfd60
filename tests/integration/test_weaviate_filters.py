"""Random filters over random metadata: what Weaviate finds is what a reading of the filter in plain Python says."""

import random
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from datetime import UTC, datetime
from operator import ge, gt, le, lt
from typing import Any, cast

import numpy as np
import pytest

from lethe.adapters.weaviate import WeaviateIndex
from lethe.model.attributes import attributes
from lethe.model.ids import Id, chunk_id, new_id
from lethe.model.indexes import BuildKind, BuildState, IndexBuild, collection_name
from lethe.ports.vectors import HybridQuery, IndexObject
from lethe.retrieval.filters import compile_filters
from lethe.settings import Settings, WeaviateSettings

OBJECTS = 150
FILTERS = 250
DIMS = 4
TEAMS = ["yard", "Yard", "dock", "pier 7", "quai é"]
NUMBERS = [-2.5, -1, 0, 0.1, 1, 3, 2023, 2024, 2025, 1e9]
DAYS = [
    "1969-07-20",
    "2024-02-29",
    "2024-03-01",
    "2024-03-01T12:00:00Z",
    "2024-03-01T12:00:00.000001+00:00",
    "2025-01-01",
]
RANGES: Mapping[str, Callable[[Any, Any], bool]] = {"$gt": gt, "$gte": ge, "$lt": lt, "$lte": le}

Filter = Mapping[str, Any]


@pytest.fixture
async def index(weaviate: WeaviateSettings) -> AsyncGenerator[WeaviateIndex, None]:
    index = WeaviateIndex.from_settings(Settings(weaviate=weaviate))
    yield index
    await index.close()


def random_metadata(source: random.Random) -> dict[str, Any]:
    drawn: dict[str, Any] = {
        "team": source.choice(TEAMS),
        "year": source.choice(NUMBERS),
        "Year": source.choice(NUMBERS),
        "day": source.choice(DAYS),
        "tags": source.sample([*TEAMS, *NUMBERS], source.randint(0, 3)),
        "open": source.choice([True, False]),
        "mixed": source.choice([*NUMBERS, *DAYS, *TEAMS]),
    }
    return {key: value for key, value in drawn.items() if source.random() < 0.8}


def random_filter(source: random.Random, depth: int = 0) -> dict[str, Any]:
    if depth < 3 and source.random() < 0.4:
        parts = [random_filter(source, depth + 1) for _ in range(source.randint(1, 3))]
        return {source.choice(["$and", "$or"]): parts}
    keys = source.sample(["team", "year", "Year", "day", "tags", "open", "mixed", "absent"], source.randint(1, 2))
    return {key: random_condition(source, key) for key in keys}


def random_condition(source: random.Random, key: str) -> Any:
    values = {"team": TEAMS, "day": DAYS, "open": [True, False]}.get(key, [*NUMBERS, *DAYS, *TEAMS])
    kind = source.choice(["value", "$eq", "$ne", "$in", "range", "range"])
    if kind == "value":
        return source.choice(values)
    if kind == "$in":
        return {"$in": source.choices(values, k=source.randint(1, 4))}
    if kind == "range":
        bounds = DAYS if key == "day" or source.random() < 0.3 else NUMBERS
        return {name: source.choice(bounds) for name in source.sample(list(RANGES), source.randint(1, 2))}
    return {kind: source.choice(values)}


def fits(filters: Filter, metadata: Filter) -> bool:
    return all(_part(key, value, metadata) for key, value in filters.items())


def _part(key: str, value: Any, metadata: Filter) -> bool:
    if key in {"$and", "$or"}:
        return (all if key == "$and" else any)(fits(each, metadata) for each in value)
    operators = cast("Filter", value if isinstance(value, dict) else {"$eq": value})
    held = metadata.get(key, [])
    items = cast("list[Any]", held if isinstance(held, list) else [held])
    return all(_operator(name, operand, items) for name, operand in operators.items())


def _operator(name: str, operand: Any, held: Sequence[Any]) -> bool:
    if name == "$ne":
        return not any(_equal(each, operand) for each in held)
    if name in RANGES:
        return any(_compared(RANGES[name], each, operand) for each in held)
    wanted = operand if name == "$in" else [operand]
    return any(_equal(each, value) for each in held for value in wanted)


def _equal(first: Any, second: Any) -> bool:
    return isinstance(first, bool) == isinstance(second, bool) and first == second


def _compared(compare: Callable[[Any, Any], bool], value: Any, bound: Any) -> bool:
    if isinstance(value, bool) or isinstance(value, str) != isinstance(bound, str):
        return False
    if not isinstance(value, str):
        return compare(value, bound)
    return value in DAYS and compare(_moment(value), _moment(bound))


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


async def test_weaviate_finds_what_a_filter_means(index: WeaviateIndex) -> None:
    source = random.Random(7)
    tenant, version = new_id(), new_id()
    build = IndexBuild(
        tenant,
        new_id(),
        BuildKind.VECTOR,
        "x",
        1,
        collection_name("filters/4"),
        BuildState.ACTIVE,
        0,
        datetime.now(UTC),
    )
    await index.create_build(build, DIMS)
    held: dict[Id, dict[str, Any]] = {chunk_id(version, n): random_metadata(source) for n in range(OBJECTS)}
    vector = np.full(DIMS, 0.5, np.float32)
    await index.upsert(
        build,
        [
            IndexObject(key, version, version, ordinal, "lift", (tenant,), attributes(metadata), vector)
            for ordinal, (key, metadata) in enumerate(held.items())
        ],
    )
    counts: list[int] = []
    for _ in range(FILTERS):
        filters = random_filter(source)
        query = HybridQuery("lift", None, 0.0, OBJECTS, frozenset({tenant}), compile_filters(filters))
        found = {hit.chunk_id for hit in await index.search(build, query)}
        assert found == {key for key, metadata in held.items() if fits(filters, metadata)}, filters
        counts.append(len(found))
    assert sum(0 < count < OBJECTS for count in counts) > FILTERS / 3
