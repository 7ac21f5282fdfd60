"""Plain text, Markdown and HTML."""

import re
from pathlib import Path
from typing import Final

from unstructured.partition.html import partition_html
from unstructured.partition.md import partition_md

from lethe.adapters.parsing.readers.decoding import decode
from lethe.adapters.parsing.readers.dom import Node, parse, serialise
from lethe.adapters.parsing.readers.mapping import map_elements
from lethe.adapters.parsing.readers.plain import plain_elements
from lethe.ports.parsing import ParsedDocument

_META_CHARSET: Final = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_META_WITHIN: Final = 4096
_FRONT_MATTER: Final = re.compile(r"\A---[ \t]*\n(?P<fields>(?:.*\n)*?)---[ \t]*(?:\n|\Z)")
_FRONT_TITLE: Final = re.compile(r"^title:[ \t]*(?P<title>.+)$", re.MULTILINE)
_HIDDEN_STYLE: Final = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_NO_LANGUAGES: Final = [""]
"""Tells unstructured not to detect languages: Lethe does that later, deterministically."""


def read_plain(path: Path) -> ParsedDocument:
    return ParsedDocument(tuple(plain_elements(decode(path.read_bytes()))))


def read_markdown(path: Path) -> ParsedDocument:
    """Markdown through HTML; YAML front matter gives the title and is not text."""
    text = decode(path.read_bytes()).replace("\r\n", "\n")
    title = ""
    if front := _FRONT_MATTER.match(text):
        found = _FRONT_TITLE.search(front["fields"])
        title = found["title"].strip().strip("\"'") if found else ""
        text = text[front.end() :]
    if not text.strip():
        return ParsedDocument((), title)
    return ParsedDocument(tuple(map_elements(partition_md(text=text, languages=_NO_LANGUAGES))), title)


def read_html(path: Path) -> ParsedDocument:
    data = path.read_bytes()
    declared = _META_CHARSET.search(data[:_META_WITHIN])
    return parse_html(decode(data, declared[1].decode("ascii") if declared else ""))


def parse_html(markup: str) -> ParsedDocument:
    """A page without what a reader does not see: scripts, navigation, hidden elements."""
    if not markup.strip():
        return ParsedDocument(())
    root = parse(markup)
    title = " ".join((root.findtext(".//title") or "").split())
    for element in list(root.iter("template", "nav", "svg", "form", "iframe", "object")):
        _drop(element)
    for element in list(root.iter("*")):
        if "hidden" in element.attrib or _HIDDEN_STYLE.search(element.get("style", "")):
            _drop(element)
    return ParsedDocument(tuple(map_elements(partition_html(text=serialise(root), languages=_NO_LANGUAGES))), title)


def _drop(element: Node) -> None:
    if element.getparent() is not None and element.tag not in {"html", "body"}:
        element.drop_tree()
