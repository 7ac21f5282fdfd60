"""JSON and JSON lines: each value with the names that lead to it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final, cast

from lethe.adapters.parsing.readers.decoding import decode
from lethe.adapters.parsing.readers.grids import Row, table_text
from lethe.errors import CorruptDocument
from lethe.ports.parsing import Element, ElementKind, ParsedDocument

_Value = dict[str, object] | list[object] | str | bool | None

_TITLE_LEVELS: Final = 4
"""Objects nested deeper than this are lines of "a.b.c: value" instead of sections."""
_NAMES: Final = ("title", "name", "label", "id", "key")
_TITLE_CHARACTERS: Final = 120


def read_json(path: Path) -> ParsedDocument:
    """Objects are sections, lists of like objects tables; numbers stand as they are written."""
    value = _load(decode(path.read_bytes()))
    title = value.get("title") if isinstance(value, dict) else None
    return ParsedDocument(tuple(_elements(value, "", 1)), title.strip() if isinstance(title, str) else "")


def _load(text: str) -> _Value:
    """One value, or a value a line. Numbers stay text: 1.10 is not 1.1, and a million digits are no number."""
    try:
        return _value(text)
    except ValueError:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2:
            raise CorruptDocument from None
    try:
        return [_value(line) for line in lines]
    except ValueError as error:
        raise CorruptDocument from error


def _value(text: str) -> _Value:
    return cast("_Value", json.loads(text.lstrip("\ufeff"), parse_int=str, parse_float=str, parse_constant=str))


def _elements(value: object, name: str, level: int) -> Iterator[Element]:
    if isinstance(value, dict):
        yield from _object(cast("dict[str, object]", value), level)
    elif isinstance(value, list):
        yield from _list(cast("list[object]", value), name, level)
    elif text := _scalar(value):
        yield Element(ElementKind.TEXT, f"{name}: {text}" if name else text)


def _object(fields: dict[str, object], level: int) -> Iterator[Element]:
    """First what the object says of itself, then what is inside it."""
    own = [f"{name}: {text}" for name, value in fields.items() if (text := _scalar(value))]
    if own:
        yield Element(ElementKind.TEXT, "\n".join(own))
    for name, value in fields.items():
        if isinstance(value, dict | list) and value:
            yield from _section(name, cast("_Value", value), level)


def _section(name: str, value: _Value, level: int) -> Iterator[Element]:
    if level > _TITLE_LEVELS:
        lines = list(_flat(value, name))
        yield from (Element(ElementKind.TEXT, "\n".join(lines)),) if lines else ()
        return
    if name.strip():
        yield Element(ElementKind.TITLE, name[:_TITLE_CHARACTERS], level)
    yield from _elements(value, name, level + 1)


def _list(items: list[object], name: str, level: int) -> Iterator[Element]:
    if all(_is_record(item) for item in items):
        columns = list(dict.fromkeys(key for item in items for key in cast("dict[str, object]", item)))
        rows = [Row(tuple(_scalar(cast("dict[str, object]", item).get(key)) for key in columns)) for item in items]
        text = table_text([Row(tuple(columns), is_header=True), *rows])
        yield from (Element(ElementKind.TABLE, text),) if rows and any(any(row.cells) for row in rows) else ()
        return
    for number, item in enumerate(items, start=1):
        if isinstance(item, dict | list):
            yield from _section(
                _name_of(cast("_Value", item)) or f"{name} {number}".strip(), cast("_Value", item), level
            )
        elif text := _scalar(item):
            yield Element(ElementKind.LIST_ITEM, text)


def _is_record(item: object) -> bool:
    return isinstance(item, dict) and not any(
        isinstance(value, dict | list) for value in cast("dict[str, object]", item).values()
    )


def _name_of(item: _Value) -> str:
    if not isinstance(item, dict):
        return ""
    return next((text for key in _NAMES if (text := _scalar(item.get(key)))), "")


def _flat(value: object, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in cast("dict[str, object]", value).items():
            yield from _flat(inner, f"{path}.{name}")
    elif isinstance(value, list):
        for inner in cast("list[object]", value):
            yield from _flat(inner, path)
    elif text := _scalar(value):
        yield f"{path}: {text}"


def _scalar(value: object) -> str:
    """The text of a value that holds no others; "" for null and for those that do."""
    if isinstance(value, bool):
        return str(value).lower()
    return value.strip() if isinstance(value, str) else ""
