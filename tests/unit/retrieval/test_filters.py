import pytest

from lethe.errors import InvalidRequest
from lethe.model.attributes import MAX_ATTRIBUTES, attributes
from lethe.retrieval.filters import compile_filters


def test_metadata_becomes_attributes():
    metadata = {"kind": "Report", "year": 2026, "share": 0.5, "final": True, "tags": ["b", "a", "b"], "whole": 3.0}
    assert attributes(metadata) == (
        "final=true", "kind=Report", "share=0.5", "tags=a", "tags=b", "whole=3", "year=2026"
    )  # fmt: skip


@pytest.mark.parametrize(
    "metadata",
    [
        {"": "x"},
        {"a=b": "x"},
        {"a b": "x"},
        {"a" * 65: "x"},
        {"key": "x" * 501},
        {"key": None},
        {"key": {"nested": 1}},
        {"key": [["nested"]]},
        {"key": float("nan")},
        {"key": "\ud800"},
        {"key": ["a\0b"]},
        {"key": 10**400},
        {"key": [-(2**53) - 1]},
        {"key": float("inf")},
        {"key": list(range(MAX_ATTRIBUTES + 1))},
    ],
)
def test_metadata_that_cannot_be_filtered_by_is_refused(metadata: dict[str, object]):
    with pytest.raises(InvalidRequest, match="metadata"):
        attributes(metadata)


def test_no_filter_filters_nothing():
    assert compile_filters(None) == compile_filters({}) == ()


def test_filters_are_all_of_them_and_any_of_a_list():
    filters = {"kind": "report", "year": {"$in": [2026, 2025.0, 2026]}, "final": {"$eq": True}}
    assert compile_filters(filters) == (("final=true",), ("kind=report",), ("year=2025", "year=2026"))


@pytest.mark.parametrize(
    ("filters", "named"),
    [
        ({"year": {"$gt": 2020}}, r"\$gt"),
        ({"year": {"$eq": 1, "$in": [1]}}, "year"),
        ({"year": {}}, "year"),
        ({"year": {"$in": []}}, "year"),
        ({"year": {"$in": 3}}, "year"),
        ({"year": {"$in": [None]}}, "year"),
        ({"year": None}, "year"),
        ({"year": [1]}, "year"),
        ({"$or": [{"a": 1}]}, "or"),
        ({"year": {"$in": list(range(MAX_ATTRIBUTES + 1))}}, "filters"),
    ],
)
def test_a_filter_that_is_not_known_is_refused_by_name(filters: dict[str, object], named: str):
    with pytest.raises(InvalidRequest, match=named):
        compile_filters(filters)
