"""The few things we ask of lxml, which has no types."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Protocol, cast

from lxml import html

from lethe.errors import UnsafeDocument

_GAVE_UP: Final = "ERR_RESOURCE_LIMIT"


class Node(Protocol):
    """An element of an HTML tree."""

    tag: str
    attrib: Mapping[str, str]

    def get(self, name: str, default: str) -> str: ...
    def iter(self, *tags: str) -> Iterator["Node"]: ...
    def itertext(self) -> Iterator[str]: ...
    def findtext(self, path: str) -> str | None: ...
    def getparent(self) -> "Node | None": ...
    def drop_tree(self) -> None: ...


class _LogEntry(Protocol):
    type_name: str


def parse(markup: str) -> Node:
    """The tree of a page or fragment, without comments. Never fails on bad mark-up: a page with nothing is a body.

    Raises UnsafeDocument where lxml gives up (nested 256 deep): what follows would be lost without a word.
    """
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    root = cast("Node", html.document_fromstring(b"<!doctype html>" + markup.encode(), parser=parser))
    if any(entry.type_name == _GAVE_UP for entry in cast("Iterable[_LogEntry]", parser.error_log)):
        raise UnsafeDocument("The document is nested beyond what documents are.")
    return root


def serialise(root: Node) -> str:
    return cast("str", html.tostring(root, encoding="unicode"))
