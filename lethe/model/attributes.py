"""Metadata as filterable "key=value" strings: written at indexing, asked for by filters, both through this file."""

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final, cast

from lethe.errors import InvalidRequest
from lethe.model.conditions import sortable

MAX_ATTRIBUTES: Final = 64
MAX_VALUE_CHARACTERS: Final = 500
MAX_INTEGER: Final = 2**53
"""Beyond it, whole numbers are not exact in every JSON reader (RFC 8259, section 6)."""
_LINE_BREAKS_AND_TABS: Final = frozenset("\t\n\r")
_REFUSED_CATEGORIES: Final = frozenset({"Cc", "Cs"})
_KEY: Final = re.compile(r"[A-Za-z0-9_.\-]{1,64}")

Scalar = str | int | float | bool


def is_plain(text: str) -> bool:
    """Whether there is neither a control character (but line breaks and tabs) nor a lone surrogate in it."""
    return not any(
        unicodedata.category(character) in _REFUSED_CATEGORIES and character not in _LINE_BREAKS_AND_TABS
        for character in text
    )


def attribute(key: str, value: Scalar) -> str:
    """One field as "key=value"; 3 and 3.0 are the same value, True is "true". Raises InvalidRequest."""
    if not _KEY.fullmatch(key):
        raise InvalidRequest(f"metadata key {key[:80]!r}: 1 to 64 letters, digits, '_', '.' or '-' are taken")
    text = _text(key, value)
    if len(text) > MAX_VALUE_CHARACTERS:
        raise InvalidRequest(f"metadata {key!r}: a value may have {MAX_VALUE_CHARACTERS} characters")
    return f"{key}={text}"


def attributes(metadata: Mapping[str, object]) -> tuple[str, ...]:
    """All fields of a document, sorted, a list's items one by one. Raises InvalidRequest naming the field.

    Called when a document is uploaded (the refusal) and when it is indexed (the same strings). Numbers and dates come
    a second time as ranges ask for them (lethe.model.conditions.sortable).
    """
    flat: set[str] = set()
    ranged: set[str | None] = set()
    for key, value in metadata.items():
        items = cast("Sequence[object]", value) if isinstance(value, list | tuple) else [value]
        flat.update(attribute(key, _scalar(key, item)) for item in items)
        ranged.update(sortable(key, item) for item in items)
    if len(flat) > MAX_ATTRIBUTES:
        raise InvalidRequest(f"metadata: at most {MAX_ATTRIBUTES} values are taken, items of lists included")
    return tuple(sorted(flat | {each for each in ranged if each is not None}))


def _scalar(key: str, value: object) -> Scalar:
    if isinstance(value, str | int | float):
        return value
    raise InvalidRequest(f"metadata {key!r}: text, numbers, true or false, and lists of these are taken")


def _text(key: str, value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        if not is_plain(value):
            raise InvalidRequest(f"metadata {key!r}: control characters and lone surrogates are not text")
        return unicodedata.normalize("NFC", value)
    if isinstance(value, int) and abs(value) > MAX_INTEGER:
        raise InvalidRequest(f"metadata {key!r}: a whole number may be 2^53 at most, and -2^53 at least")
    if not math.isfinite(value):
        raise InvalidRequest(f"metadata {key!r}: the number must be finite")
    return str(int(value)) if value == int(value) else repr(value)
