"""reStructuredText, through docutils: no file is included, no mark-up taken raw, no unknown name an error."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

from docutils import core, nodes
from docutils.parsers.rst import Directive, directives, roles

from lethe.adapters.parsing.readers.decoding import decode
from lethe.adapters.parsing.readers.grids import Row, table_text
from lethe.adapters.parsing.readers.plain import plain_elements
from lethe.ports.parsing import Element, ElementKind, ParsedDocument

_LINE_CHARACTERS: Final = 10_000
"""docutils reads no document with a longer line."""
_SETTINGS: Final[dict[str, object]] = {
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "report_level": 5,
    "halt_level": 5,
    "warning_stream": False,
    "syntax_highlight": "none",
    "smart_quotes": False,
    "docinfo_xform": False,
    "line_length_limit": _LINE_CHARACTERS,
    "_disable_config": True,
}
_PEP: Final = re.compile(r"\APEP: (?P<number>\d+)[ \t]*\nTitle: (?P<title>\S.*)\n(?:(?:[\w-]+:|[ \t]).*\n)*")
"""A Python enhancement proposal begins with headers (PEP 12)."""
_SKIPPED: Final = (
    nodes.comment, nodes.target, nodes.substitution_definition, nodes.system_message, nodes.raw, nodes.pending,
    nodes.meta, nodes.image,
)  # fmt: skip
_BLOCKS: Final = (nodes.paragraph, nodes.line_block, nodes.caption, nodes.rubric, nodes.attribution, nodes.term)
_CODE: Final = (nodes.literal_block, nodes.doctest_block, nodes.math_block)
_SPHINX_TARGET: Final = re.compile(r"\A[~!]?(?P<text>.*?)(?:\s*<[^<>]*>)?\Z", re.DOTALL)


def read_rst(path: Path) -> ParsedDocument:
    """Sections, lists, tables and literal blocks; of an unknown directive its content, of a role its text."""
    _configure()
    text = decode(path.read_bytes()).replace("\r\n", "\n")
    if any(len(line) > _LINE_CHARACTERS for line in text.splitlines()):
        return ParsedDocument(tuple(plain_elements(text)))
    title, head = "", ()
    if pep := _PEP.match(text):
        title = f"PEP {pep['number']}: {pep['title'].strip()}"
        head = (Element(ElementKind.TITLE, title, 1), Element(ElementKind.TEXT, pep[0].strip()))
        text = text[pep.end() :]
    document = cast("Any", core.publish_doctree(text, settings_overrides={**_SETTINGS, "doctitle_xform": not head}))
    own = str(document.get("title", ""))
    level = 2 if head or own else 1
    return ParsedDocument((*head, *_blocks(document, level, ElementKind.TEXT)), title or " ".join(own.split()))


def _blocks(parent: Any, level: int, kind: ElementKind) -> Iterator[Element]:
    """``level`` is that of the next section's title; ``kind`` what a paragraph is here."""
    for node in parent.children:
        if isinstance(node, nodes.section):
            yield from _blocks(node, level + 1, ElementKind.TEXT)
        elif isinstance(node, nodes.list_item | nodes.definition_list_item):
            yield from _blocks(node, level, ElementKind.LIST_ITEM)
        elif not isinstance(node, _SKIPPED):
            yield from _block(node, level, kind)


def _block(node: Any, level: int, kind: ElementKind) -> Iterator[Element]:
    if isinstance(node, nodes.title | nodes.subtitle):
        yield from _element(node, ElementKind.TITLE, level - 1 or 1)
    elif isinstance(node, nodes.field | nodes.option_list_item | nodes.footnote | nodes.citation):
        yield from _lines(node, kind)
    elif isinstance(node, nodes.table):
        yield from _table(node)
    elif isinstance(node, _CODE):
        yield from _element(node, ElementKind.CODE)
    elif isinstance(node, _BLOCKS):
        yield from _element(node, kind)
    elif isinstance(node, nodes.Element) and "contents" not in node["classes"]:
        yield from _blocks(node, level, kind)


def _element(node: Any, kind: ElementKind, level: int = 0) -> Iterator[Element]:
    text = str(node.astext()).strip("\n")
    if text.strip():
        yield Element(kind, " ".join(text.split()) if kind is ElementKind.TITLE else text, level)


def _lines(node: Any, kind: ElementKind) -> Iterator[Element]:
    """A name and what belongs to it, on one line."""
    text = ": ".join(" ".join(str(child.astext()).split()) for child in node.children)
    if text.strip(": "):
        yield Element(kind, text)


def _table(node: Any) -> Iterator[Element]:
    rows = [
        Row(
            tuple(" ".join(str(entry.astext()).split()) for entry in row.children),
            isinstance(row.parent, nodes.thead),
        )
        for row in node.findall(nodes.row)
    ]
    if text := table_text(rows):
        yield Element(ElementKind.TABLE, text)


class _Unknown(Directive):
    """Sphinx has hundreds of directives, and every project its own: their argument and content are text."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[Any]:
        found: Any = nodes.container()
        if self.arguments:
            found += nodes.paragraph("", "", nodes.Text(str(self.arguments[0])))
        self.state.nested_parse(self.content, self.content_offset, found)
        return [found]


def _unknown_role(_name: str, _raw: str, text: str, *_: object, **__: object) -> tuple[list[Any], list[Any]]:
    shown = _SPHINX_TARGET.match(nodes.unescape(text))
    return [nodes.inline("", shown["text"] if shown else text)], []


@cache
def _configure() -> None:
    """Answer for names that docutils does not know, as Sphinx does: there is no other hook."""
    find_directive, find_role = directives.directive, roles.role

    def directive(name: str, language: Any, document: Any) -> tuple[Any, list[Any]]:
        found, messages = find_directive(name, language, document)
        return (found, messages) if found else (_Unknown, [])

    def role(name: str, language: Any, line: int, reporter: Any) -> tuple[Any, list[Any]]:
        found, messages = find_role(name, language, line, reporter)
        return (found, messages) if found else (_unknown_role, [])

    directives.directive, roles.role = directive, role
