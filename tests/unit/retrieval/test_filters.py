import pytest
from hypothesis import given
from hypothesis.strategies import floats, integers

from lethe.errors import InvalidRequest
from lethe.model.attributes import MAX_ATTRIBUTES, attributes
from lethe.model.conditions import MAX_CODE, AllOf, Between, HasAny, code_text, coded, holds
from lethe.retrieval.filters import compile_filters

numbers = floats(allow_nan=False, allow_infinity=False) | integers(-(2**53), 2**53)


def test_metadata_becomes_attributes():
    metadata = {"kind": "Report", "year": 2026, "share": 0.5, "final": True, "tags": ["b", "a", "b"], "whole": 3.0}
    plain = tuple(each for each in attributes(metadata) if "~" not in each)
    assert plain == ("final=true", "kind=Report", "share=0.5", "tags=a", "tags=b", "whole=3", "year=2026")


def test_numbers_and_dates_stand_there_a_second_time_for_ranges():
    metadata = {"year": 2026, "day": "2026-01-31", "name": "2026-13-31", "final": True, "share": [0.5, -1]}
    ranged = [each.split("~")[0] for each in attributes(metadata) if "~" in each]
    assert ranged == ["day", "share", "share", "year"]


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
    assert compile_filters(None) is None
    assert compile_filters({}) is None


def test_the_order_a_filter_is_written_in_makes_no_difference():
    first = {"kind": "report", "year": {"$in": [2026, 2025.0, 2026]}, "final": {"$eq": True}}
    second = {"final": True, "year": {"$in": [2025, 2026]}, "kind": {"$eq": "report"}}
    assert compile_filters(first) == compile_filters(second)
    assert compile_filters(first) == AllOf(
        (HasAny(("final=true",)), HasAny(("kind=report",)), HasAny(("year=2025", "year=2026")))
    )


def test_an_error_names_the_place():
    with pytest.raises(InvalidRequest, match=r"filters\.\$or\[1\]\.year\.\$gt: a number"):
        compile_filters({"$or": [{"a": 1}, {"year": {"$gt": "late"}}]})


@given(numbers, numbers)
def test_codes_are_in_the_order_of_the_numbers(first: float, second: float):
    codes = [coded(first), coded(second)]
    assert codes[0] is not None
    assert codes[1] is not None
    texts = [code_text(code) for _, code in (codes[0], codes[1])]
    assert (texts[0] < texts[1]) == (first < second)
    assert (texts[0] == texts[1]) == (first == second)


@given(integers(0, MAX_CODE), integers(0, MAX_CODE), integers(0, MAX_CODE))
def test_the_prefixes_of_a_range_mean_what_its_bounds_mean(low: int, high: int, code: int):
    wanted = Between("year~n", low, high)
    attribute = "year~n" + code_text(code)
    assert any(attribute.startswith(prefix) for prefix in wanted.prefixes()) == (low <= code <= high)
    assert holds(wanted, [attribute]) == (low <= code <= high)
    assert not holds(wanted, ["yeas~n" + code_text(code)])


def test_a_moment_is_the_same_in_every_zone():
    assert coded("2026-01-31") == coded("2026-01-31T00:00:00Z") == coded("2026-01-31T01:00:00+01:00")
    assert coded("2026-01-31T00:00:00.000001Z") != coded("2026-01-31")
