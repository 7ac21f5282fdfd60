"""Filters that are evaluated in process."""

import pytest

from lethe.errors import InvalidRequest
from lethe.model.filters import MAX_CONDITIONS, compile_predicate

METADATA = {"team": "yard", "year": 2024, "price": 2.5, "tags": ["red", "blue"], "day": "2024-05-31", "open": True}


@pytest.mark.parametrize(
    ("filters", "fits"),
    [
        ({"team": "yard"}, True),
        ({"team": "YARD"}, False),
        ({"team": {"$eq": "yard"}, "year": 2024.0}, True),
        ({"team": "yard", "year": 2023}, False),
        ({"tags": "blue"}, True),
        ({"tags": {"$in": ["green", "red"]}}, True),
        ({"tags": {"$in": ["green"]}}, False),
        ({"year": {"$gt": 2023, "$lte": 2024}}, True),
        ({"year": {"$gte": 2025}}, False),
        ({"day": {"$gte": "2024-05-01", "$lt": "2024-06-01"}}, True),
        ({"day": {"$gt": 5}}, False),
        ({"year": {"$lt": "3000-01-01"}}, False),
        ({"team": {"$ne": "dock"}}, True),
        ({"tags": {"$ne": "blue"}}, False),
        ({"absent": {"$ne": "x"}}, True),
        ({"year": {"$in": [1, 2024]}, "tags": {"$ne": "green"}}, True),
        ({"open": True}, True),
        ({"open": {"$gt": 0}}, False),
        ({"absent": {"$lt": 9}}, False),
        ({"absent": "x"}, False),
        ({"$or": [{"team": "dock"}, {"price": {"$lt": 3}}]}, True),
        ({"$or": [{"team": "dock"}, {"price": {"$gt": 3}}]}, False),
        ({"$and": [{"team": "yard"}, {"$or": [{"year": 1}, {"year": 2024}]}]}, True),
    ],
)
def test_what_fits(filters: dict[str, object], fits: bool) -> None:
    assert compile_predicate(filters)(METADATA) is fits


MEANINGLESS: list[dict[str, object]] = [
    {},
    {"team": {}},
    {"team": {"$near": 3}},
    {"$not": [{"team": "yard"}]},
    {"$or": []},
    {"$or": {"team": "yard"}},
    {"$and": [{}]},
    {"$and": ["team"]},
    {"team": None},
    {"team": ["yard"]},
    {"team": {"$in": []}},
    {"team": {"$gt": [1]}},
    {"year": {"$lt": "3000"}},
    {"open": {"$gt": True}},
    {"a team": "yard"},
    {"$or": [{"$or": [{"$or": [{"$or": [{"$or": [{"$or": [{"a": 1}]}]}]}]}]}]},
    {"$or": [{"a": n} for n in range(MAX_CONDITIONS + 1)]},
]


@pytest.mark.parametrize("filters", MEANINGLESS)
def test_what_means_nothing_is_refused(filters: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest):
        compile_predicate(filters)
