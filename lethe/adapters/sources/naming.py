"""How paths are written into source URIs, and back."""

import os
import re
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote_to_bytes

_SEPARATOR: Final = re.compile(r"[/\\?#]|%2f|%5c", re.IGNORECASE)
_DOT_SEGMENT: Final = re.compile(r"(?:\.|%2e){1,2}", re.IGNORECASE)


def uri_path(path: str) -> str:
    """The path as part of a URI: readable, and reversible by `path_of`, whatever bytes it is made of."""
    return "".join(_escaped(character) for character in path)


def path_of(written: str) -> str:
    """The path that `uri_path` wrote."""
    return os.fsdecode(unquote_to_bytes(written))


def file_name(path: str) -> str:
    """Its last segment, the end of a long one, as a text that can be stored."""
    name = path.rstrip("/").rpartition("/")[2]
    return "".join(character if character.isprintable() else "_" for character in name)[-200:]


def is_below(address: str, base: str, tenant_id: str) -> bool:
    """Whether the address is that one, or below it. ``{tenant}`` in the base is the tenant's id."""
    beginning = base.replace("{tenant}", tenant_id).rstrip("/")
    if not beginning or has_dot_segment(address):
        return False
    return address == beginning or address.startswith(f"{beginning}/")


def has_dot_segment(path: str) -> bool:
    """Whether it may lead upwards for whoever follows it."""
    return any(_DOT_SEGMENT.fullmatch(segment) for segment in _SEPARATOR.split(path))


def is_inside(path: str, root: str) -> bool:
    """Whether a resolved path is the resolved root, or below it."""
    return PurePosixPath(path).is_relative_to(root)


def _escaped(character: str) -> str:
    if character in "%#?" or character.isspace() or not character.isprintable():
        return "".join(f"%{byte:02X}" for byte in os.fsencode(character))
    return character
