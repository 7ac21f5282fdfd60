"""What a filter becomes: a condition over the "key=value" attributes of a chunk, the same for every index.

A number or date stands beside its "key=value" as "key~n" or "key~d" and a code of fixed width, whose order as text is
the order of the values: a range is then a comparison of strings (SQL, in binary collation), or a few prefixes.
"""

import math
import struct
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final, Literal

from pydantic import Field

WIDTH: Final = 32
"""Digits of a code, to the base 4: few siblings at each digit, so that a range is few prefixes."""
_BITS: Final = 64
_SIGN: Final = 1 << (_BITS - 1)
MAX_CODE: Final = (1 << _BITS) - 1
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DIGITS: Final = "0123"


@dataclass(frozen=True, slots=True)
class HasAny:
    """At least one of these attributes is there; none of no attributes is."""

    values: tuple[str, ...]
    kind: Literal["has_any"] = "has_any"


@dataclass(frozen=True, slots=True)
class Between:
    """One attribute is ``name`` ("year~n", "day~d") and a code in [``low``, ``high``]; several may be, of a list."""

    name: str
    low: int
    high: int
    kind: Literal["between"] = "between"

    @property
    def bounds(self) -> tuple[str, str]:
        """The lowest and the highest attribute that is meant, both included; nothing if the first is the greater."""
        return self.name + code_text(self.low), self.name + code_text(self.high)

    def prefixes(self) -> tuple[str, ...]:
        """What an attribute must begin with, one of these, to be meant."""
        return tuple(self.name + digits for digits in _cover(self.low, self.high))


@dataclass(frozen=True, slots=True)
class Not:
    part: "Condition"
    kind: Literal["not"] = "not"


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds; there is at least one."""

    parts: "tuple[Condition, ...]"
    kind: Literal["all_of"] = "all_of"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """A part holds; there is at least one."""

    parts: "tuple[Condition, ...]"
    kind: Literal["any_of"] = "any_of"


Condition = Annotated[HasAny | Between | Not | AllOf | AnyOf, Field(discriminator="kind")]


def holds(condition: Condition, attributes: Collection[str]) -> bool:
    """Whether a chunk with these attributes is meant: what every index must agree with."""
    match condition:
        case HasAny(values):
            return any(value in attributes for value in values)
        case Between():
            low, high = condition.bounds
            return any(low <= attribute <= high for attribute in attributes)
        case Not(part):
            return not holds(part, attributes)
        case AllOf(parts):
            return all(holds(part, attributes) for part in parts)
        case AnyOf(parts):
            return any(holds(part, attributes) for part in parts)


def sortable(key: str, value: object) -> str | None:
    """The attribute that ranges over ``key`` ask for; None for what is neither number nor date."""
    found = coded(value)
    return None if found is None else f"{key}~{found[0]}{code_text(found[1])}"


def coded(value: object) -> tuple[Literal["n", "d"], int] | None:
    """A number or an ISO 8601 date or time (without an offset: UTC) as its kind and code, else None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return ("n", _number_code(float(value))) if math.isfinite(value) else None
    moment = _moment(value) if isinstance(value, str) else None
    if moment is None:
        return None
    passed = moment - _EPOCH
    return "d", _SIGN + (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds


def code_text(code: int) -> str:
    """WIDTH digits whose order as text is the order of the codes."""
    return "".join(_DIGITS[code >> shift & 3] for shift in range(_BITS - 2, -1, -2))


def _number_code(value: float) -> int:
    """The bits of a float in an order that is the numbers' own (IEEE 754, section 5.10, without the negative zero)."""
    bits = int(struct.unpack(">Q", struct.pack(">d", value + 0.0))[0])
    return MAX_CODE ^ bits if bits & _SIGN else bits | _SIGN


def _moment(text: str) -> datetime | None:
    if len(text) < len("2026-01-31") or text[4] != "-" or text[7] != "-":
        return None  # week dates and compact forms would be taken for numbers by a reader
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _cover(low: int, high: int, shift: int = _BITS, digits: str = "") -> list[str]:
    """The fewest prefixes of codes that together are exactly [low, high], both relative to the prefix so far."""
    if low > high:
        return []
    if low == 0 and high == (1 << shift) - 1:
        return [digits]
    shift -= 2
    size = 1 << shift
    found: list[str] = []
    for number, digit in enumerate(_DIGITS):
        start = number * size
        found += _cover(max(low - start, 0), min(high - start, size - 1), shift, digits + digit)
    return found
