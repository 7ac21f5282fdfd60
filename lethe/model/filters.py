"""Filters over metadata as callers write them, for searches and for selections of documents alike."""

from collections.abc import Callable, Mapping
from typing import Final, cast

from lethe.errors import InvalidRequest
from lethe.model.attributes import Scalar, attribute, attributes
from lethe.model.conditions import MAX_CODE, AllOf, AnyOf, Between, Condition, HasAny, Not, coded, holds

MAX_CONDITIONS: Final = 64
"""Values and bounds of one filter."""
MAX_DEPTH: Final = 6
_RANGES: Final = ("$gt", "$gte", "$lt", "$lte")

Metadata = Mapping[str, object]
Predicate = Callable[[Metadata], bool]


def compile_filter(filters: object) -> Condition:
    """`{key: value | {operator: operand}, "$and" | "$or": [filters]}`; a bare value is `$eq`.

    Operators: `$eq`, `$ne`, `$in` (a list), `$gt`, `$gte`, `$lt`, `$lte`. All parts of one mapping together. A list
    fits if one of its items does; `$ne` is what `$eq` is not, so it fits where the key is absent. Ranges compare
    numbers with numbers, and ISO 8601 dates and times with each other.
    Raises InvalidRequest naming what is wrong and where.
    """
    return _Compiler().mapping(filters, "filters", 1)


def compile_predicate(filters: Metadata) -> Predicate:
    """The filter, evaluated in process."""
    condition = compile_filter(filters)
    return lambda metadata: holds(condition, attributes(metadata))


class _Compiler:
    def __init__(self) -> None:
        self._conditions = 0

    def mapping(self, filters: object, place: str, depth: int) -> Condition:
        if not isinstance(filters, Mapping) or not filters:
            raise InvalidRequest(f"{place}: an object that is not empty is taken")
        if depth > MAX_DEPTH:
            raise InvalidRequest(f"{place}: at most {MAX_DEPTH} levels are taken")
        written = cast("Mapping[str, object]", filters)
        # Sorted, so that the same filter is the same condition, whatever its order.
        return _all([self._part(key, written[key], f"{place}.{key}", depth) for key in sorted(written)])

    def _part(self, key: str, value: object, place: str, depth: int) -> Condition:
        if key in {"$and", "$or"}:
            parts = [self.mapping(each, f"{place}[{at}]", depth + 1) for at, each in enumerate(_list(value, place))]
            return _all(parts) if key == "$and" else parts[0] if len(parts) == 1 else AnyOf(tuple(parts))
        if key.startswith("$"):
            raise InvalidRequest(f"{place}: unknown operator; $and and $or are taken here")
        operators = cast("Mapping[str, object]", value) if isinstance(value, Mapping) else {"$eq": value}
        if not operators:
            raise InvalidRequest(f"{place}: an operator is missing")
        return _all([self._operator(key, name, operators[name], f"{place}.{name}") for name in sorted(operators)])

    def _operator(self, key: str, name: str, operand: object, place: str) -> Condition:
        if name in {"$eq", "$ne"}:
            found = HasAny((self._attribute(key, operand, place),))
            return Not(found) if name == "$ne" else found
        if name == "$in":
            values = {self._attribute(key, value, place) for value in _list(operand, place)}
            return HasAny(tuple(sorted(values)))
        if name in _RANGES:
            return self._range(key, name, operand, place)
        raise InvalidRequest(f"{place}: unknown operator; $eq, $ne, $in, {', '.join(_RANGES)} are taken")

    def _attribute(self, key: str, value: object, place: str) -> str:
        self._count()
        if isinstance(value, str | int | float):
            return attribute(key, cast("Scalar", value))
        raise InvalidRequest(f"{place}: text, a number, true or false is taken")

    def _range(self, key: str, name: str, operand: object, place: str) -> Condition:
        bound = coded(operand)
        if bound is None:
            raise InvalidRequest(f"{place}: a number, or a date or time as ISO 8601 writes it, is taken")
        self._attribute(key, operand, place)  # what is refused of a key or a number is refused here too
        return _interval(f"{key}~{bound[0]}", name, bound[1])

    def _count(self) -> None:
        self._conditions += 1
        if self._conditions > MAX_CONDITIONS:
            raise InvalidRequest(f"filters: at most {MAX_CONDITIONS} values and bounds are taken")


def _interval(name: str, operator: str, code: int) -> Between:
    low, high = {
        "$gt": (code + 1, MAX_CODE),
        "$gte": (code, MAX_CODE),
        "$lt": (0, code - 1),
        "$lte": (0, code),
    }[operator]
    return Between(name, low, high)


def _all(parts: list[Condition]) -> Condition:
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _list(value: object, place: str) -> list[object]:
    if not isinstance(value, list | tuple) or not value:
        raise InvalidRequest(f"{place}: a list that is not empty is taken")
    return list(cast("list[object]", value))
