"""Canonical JSON: the subset of RFC 8785 that signed documents here are written in.

Objects, arrays, strings, integers, true, false, null. Strings and keys are printable ASCII, integers lie within
±(2**53 - 1), there are no other numbers. Within it RFC 8785 has nothing left to decide: keys sort as
bytes, nothing needs a Unicode or a number rule, so one value has one form and one form has one value.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Final, cast

Json = Mapping[str, "Json"] | Sequence["Json"] | str | int | bool | None

_LARGEST: Final = 2**53 - 1


def canonical(value: Json) -> bytes:
    """The one form of a value. Raises ValueError for one outside the subset."""
    _require(value)
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"), sort_keys=True).encode("ascii")


def parse_canonical(text: bytes) -> Json:
    """The value of a canonical form. Raises ValueError for every other writing of it."""
    value = cast("Json", json.loads(text.decode("ascii")))
    if canonical(value) != text:
        raise ValueError("not in canonical form")
    return value


def _require(value: object) -> None:
    match value:
        case None | bool():
            return
        case str():
            _require_ascii(value)
        case int() if abs(value) <= _LARGEST:
            return
        case dict():
            for key, item in cast("dict[object, object]", value).items():
                _require_ascii(key)
                _require(item)
        case list() | tuple():
            for item in cast("list[object]", value):
                _require(item)
        case _:
            raise ValueError("outside the canonical subset")


def _require_ascii(text: object) -> None:
    if not isinstance(text, str) or not all(" " <= character <= "~" for character in text):
        raise ValueError("outside the canonical subset")
