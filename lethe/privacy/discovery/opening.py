"""Sealed texts in clear, as they are searched: for as long as the search of a page takes."""

import json
from collections.abc import Iterator
from typing import Final, cast

from lethe.errors import SealBroken
from lethe.model.documents import Chunk, Version
from lethe.model.texts import SealedText, TextPlace
from lethe.privacy.sealed_texts import PURPOSES
from lethe.privacy.sealing import Purpose, unseal, unseal_text

_DEEPEST: Final = 20


def open_text(key: bytes, place: TextPlace, text: SealedText) -> str:
    """Empty for what does not open: nobody else reads it either."""
    try:
        return plain(unseal(key, PURPOSES[place], text.sealed).decode(errors="replace"))
    except SealBroken:
        return ""


def open_version(key: bytes, version: Version) -> Iterator[tuple[str, str]]:
    """What a version says beside its chunks, by the name of the part."""
    yield "title", _open(key, Purpose.TITLE, version.sealed_title)
    yield "source_uri", _open(key, Purpose.SOURCE_URI, version.sealed_source_uri)
    yield "metadata", plain(_open(key, Purpose.METADATA, version.sealed_metadata))


def open_chunk(key: bytes, chunk: Chunk) -> Iterator[tuple[str, str]]:
    """Its text and the titles above it."""
    yield "text", _open(key, Purpose.CHUNK_TEXT, chunk.sealed_text)
    yield "section", _open(key, Purpose.CHUNK_SECTION, chunk.sealed_section)


def _open(key: bytes, purpose: Purpose, sealed: bytes) -> str:
    try:
        return unseal_text(key, purpose, sealed)
    except SealBroken:
        return ""


def plain(text: str) -> str:
    """The strings of a JSON text, a line each: escapes would hide letters. Any other text as it is."""
    if not text.lstrip().startswith(("{", "[", '"')):
        return text
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return "\n".join(_strings(value, _DEEPEST))


def _strings(value: object, deep: int) -> Iterator[str]:
    if isinstance(value, str):
        yield plain(value) if deep and value.lstrip().startswith(("{", "[")) else value
    elif isinstance(value, dict) and deep:
        for name, each in cast("dict[str, object]", value).items():
            yield name
            yield from _strings(each, deep - 1)
    elif isinstance(value, list) and deep:
        for each in cast("list[object]", value):
            yield from _strings(each, deep - 1)
    elif isinstance(value, int | float):
        yield str(value)
