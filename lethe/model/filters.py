"""Filters over metadata, evaluated in process: the language of searches, and ranges and alternatives besides."""

from collections.abc import Callable, Mapping, Sequence
from operator import ge, gt, le, lt
from typing import Final, cast

from lethe.errors import InvalidRequest
from lethe.model.attributes import Scalar, attribute, attributes

MAX_CONDITIONS: Final = 64
MAX_DEPTH: Final = 6

Metadata = Mapping[str, object]
Predicate = Callable[[Metadata], bool]

_RANGES: Final[Mapping[str, Callable[[object, object], bool]]] = {"$gt": gt, "$gte": ge, "$lt": lt, "$lte": le}  # type: ignore[dict-item]


def compile_predicate(filters: Metadata) -> Predicate:
    """`{key: value | {"$eq"|"$gt"|"$gte"|"$lt"|"$lte": value} | {"$in": [values]}, "$and"|"$or": [filters]}`.

    All parts of one mapping together. A list fits if one of its items does. Ranges compare numbers with numbers and
    text with text (so dates as "2024-05-31"). Raises InvalidRequest naming what is wrong.
    """
    compiler = _Compiler()
    return compiler.mapping(filters, "filter", 1)


class _Compiler:
    def __init__(self) -> None:
        self._conditions = 0

    def mapping(self, filters: object, place: str, depth: int) -> Predicate:
        if not isinstance(filters, Mapping) or not filters:
            raise InvalidRequest(f"{place}: an object that is not empty is taken")
        if depth > MAX_DEPTH:
            raise InvalidRequest(f"{place}: at most {MAX_DEPTH} levels are taken")
        parts = [
            self._part(key, value, f"{place}.{key}", depth)
            for key, value in cast("Mapping[str, object]", filters).items()
        ]
        return lambda metadata: all(part(metadata) for part in parts)

    def _part(self, key: str, value: object, place: str, depth: int) -> Predicate:
        if key in {"$and", "$or"}:
            parts = [self.mapping(each, place, depth + 1) for each in _list(value, place)]
            every = all if key == "$and" else any
            return lambda metadata: every(part(metadata) for part in parts)
        if key.startswith("$"):
            raise InvalidRequest(f"{place}: unknown operator; $and and $or are taken here")
        if isinstance(value, Mapping):
            return self._operators(key, cast("Mapping[str, object]", value), place)
        return self._operators(key, {"$eq": value}, place)

    def _operators(self, key: str, operators: Mapping[str, object], place: str) -> Predicate:
        if not operators:
            raise InvalidRequest(f"{place}: an operator is missing")
        parts = [self._operator(key, name, operand, place) for name, operand in operators.items()]
        return lambda metadata: all(part(metadata) for part in parts)

    def _operator(self, key: str, name: str, operand: object, place: str) -> Predicate:
        self._conditions += 1
        if self._conditions > MAX_CONDITIONS:
            raise InvalidRequest(f"filter: at most {MAX_CONDITIONS} conditions are taken")
        if name in {"$eq", "$in"}:
            values = [operand] if name == "$eq" else _list(operand, place)
            wanted = {attribute(key, _scalar(value, place)) for value in values}
            return lambda metadata: not wanted.isdisjoint(_attributes(key, metadata))
        if name in _RANGES:
            bound, compare = _scalar(operand, place), _RANGES[name]
            return lambda metadata: any(
                _is_alike(value, bound) and compare(value, bound) for value in _values(metadata.get(key))
            )
        raise InvalidRequest(f"{place}: unknown operator {name!r}; $eq, $in, {', '.join(_RANGES)} are taken")


def _attributes(key: str, metadata: Metadata) -> Sequence[str]:
    return attributes({key: metadata[key]}) if key in metadata else ()


def _values(value: object) -> list[object]:
    if isinstance(value, list | tuple):
        return list(cast("Sequence[object]", value))
    return [] if value is None else [value]


def _is_alike(value: object, bound: object) -> bool:
    """True and false are no numbers to be compared."""
    if isinstance(value, bool) or isinstance(bound, bool):
        return False
    if isinstance(value, int | float) and isinstance(bound, int | float):
        return True
    return isinstance(value, str) and isinstance(bound, str)


def _list(value: object, place: str) -> list[object]:
    if not isinstance(value, list | tuple) or not value:
        raise InvalidRequest(f"{place}: a list that is not empty is taken")
    return list(cast("Sequence[object]", value))


def _scalar(value: object, place: str) -> Scalar:
    if isinstance(value, str | int | float):
        return value
    raise InvalidRequest(f"{place}: text, a number, true or false is taken")
