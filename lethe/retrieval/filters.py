"""Metadata filters of a search: what they may say, and how the index is asked."""

from collections.abc import Mapping
from typing import Final, cast

from lethe.errors import InvalidRequest
from lethe.model.attributes import MAX_ATTRIBUTES, Scalar, attribute
from lethe.ports.search import AttributeFilter

_EQUAL: Final = "$eq"
_ANY_OF: Final = "$in"


def compile_filters(filters: Mapping[str, object] | None) -> AttributeFilter:
    """`{key: value | {"$eq": value} | {"$in": [values]}}`, all of them together, as attributes of the index.

    Raises InvalidRequest naming the key, and the operator where it is not one of these.
    """
    if not filters:
        return ()
    compiled = tuple(_alternatives(key, condition) for key, condition in sorted(filters.items()))
    if sum(map(len, compiled)) > MAX_ATTRIBUTES:
        raise InvalidRequest(f"filters: at most {MAX_ATTRIBUTES} values are taken")
    return compiled


def _alternatives(key: str, condition: object) -> tuple[str, ...]:
    if not isinstance(condition, Mapping):
        return (attribute(key, _scalar(key, condition)),)
    operators = cast("Mapping[str, object]", condition)
    if len(operators) != 1:
        raise InvalidRequest(f"filters.{key}: exactly one operator is taken")
    operator, operand = next(iter(operators.items()))
    if operator == _EQUAL:
        return (attribute(key, _scalar(key, operand)),)
    if operator == _ANY_OF:
        if not isinstance(operand, list | tuple) or not operand:
            raise InvalidRequest(f"filters.{key}: {_ANY_OF} takes a list that is not empty")
        values = cast("list[object]", operand)
        return tuple(sorted({attribute(key, _scalar(key, value)) for value in values}))
    raise InvalidRequest(f"filters.{key}: unknown operator {operator!r}; {_EQUAL} and {_ANY_OF} are taken")


def _scalar(key: str, value: object) -> Scalar:
    if isinstance(value, str | int | float):
        return value
    raise InvalidRequest(f"filters.{key}: text, a number, true or false is taken")
