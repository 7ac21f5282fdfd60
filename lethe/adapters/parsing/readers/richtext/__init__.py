"""Rich Text Format (specification 1.9.1): paragraphs with their outline levels, lists, tables, the file's title."""

from pathlib import Path
from typing import Final

from lethe.adapters.parsing.readers.richtext.blocks import Blocks
from lethe.adapters.parsing.readers.richtext.tokens import CHARSETS, Group, Kind, Token, tokens
from lethe.errors import CorruptDocument, UnsafeDocument
from lethe.ports.parsing import ParsedDocument

_DEPTH: Final = 500
"""Groups inside groups: writers reach twenty."""
_SKIPPED: Final = frozenset(
    {
        "colortbl", "pict", "object", "objdata", "header", "headerl", "headerr", "headerf", "footer", "footerl",
        "footerr", "footerf", "listtext", "pntext", "themedata", "datastore", "listtable", "listoverridetable",
        "filetbl", "revtbl", "rsidtbl", "generator", "xmlnstbl", "fldinst", "annotation", "atnid", "atnauthor",
        "nonshppict", "latentstyles", "author", "operator", "subject", "keywords", "comment", "doccomm",
        "company", "category", "hlinkbase", "manager",
    }
)  # fmt: skip
_CHARACTERS: Final = {
    "tab": "\t", "line": "\n", "emdash": "—", "endash": "–", "emspace": " ", "enspace": " ", "bullet": "•",
    "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”", "~": "\u00a0", "_": "-", "-": "",
}  # fmt: skip


def read_rtf(path: Path) -> ParsedDocument:
    """Raises CorruptDocument (cut short), UnsafeDocument (nested beyond what documents are)."""
    reader = _Reader()
    for token in tokens(path.read_bytes()):
        reader.take(token)
    if reader.depth > 0:
        raise CorruptDocument
    blocks = reader.blocks.finished()
    return ParsedDocument(blocks, " ".join(reader.title.split()))


class _Reader:
    """The state that RTF spreads over its groups."""

    def __init__(self) -> None:
        self.blocks = Blocks()
        self.title = ""
        self._stack: list[Group] = []
        self._group = Group()
        self._encodings: dict[int, str] = {}
        self._font = 0
        self._skip = 0

    @property
    def depth(self) -> int:
        return len(self._stack)

    def take(self, token: Token) -> None:
        match token.kind:
            case Kind.OPEN:
                if len(self._stack) >= _DEPTH:
                    raise UnsafeDocument("The document's groups are nested beyond what documents are.")
                self._stack.append(self._group)
                self._group = self._group.inner()
            case Kind.CLOSE:
                self._close()
            case Kind.WORD:
                self._word(token.text, token.number)
            case Kind.BYTES:
                self._bytes(token.data)

    def _close(self) -> None:
        if not self._stack:
            return
        if self._group.place == "style":
            self.blocks.name_style(self._group.text)
        self._group = self._stack.pop()

    def _word(self, word: str, number: int | None) -> None:
        group = self._group
        if word == "*":
            group.is_optional = True
            return
        if word in _SKIPPED or (group.is_optional and group.is_new and word not in {"shppict", "listpicture"}):
            group.place = "skip"
        elif word in {"fonttbl", "stylesheet", "title"}:
            group.place = {"stylesheet": "styles", "fonttbl": "fonts", "title": "title"}[word]
        elif word in _CHARACTERS:
            self._text(_CHARACTERS[word])
        elif word == "u" and number is not None:
            self._text(chr(number % 0x10000))
            self._skip = group.skipped
        elif group.place in {"fonts", "styles", "style"}:
            self._definition(word, number)
        elif group.place == "body":
            self._body(word, number)
        group.is_new = False

    def _definition(self, word: str, number: int | None) -> None:
        if word == "f" and number is not None:
            self._font = number
        elif word == "fcharset" and number in CHARSETS:
            self._encodings[self._font] = CHARSETS[number]
        elif word in {"s", "outlinelevel"} and number is not None:
            self._group.place = "style"
            self.blocks.define_style(word, number)

    def _body(self, word: str, number: int | None) -> None:
        group = self._group
        if word == "f" and number is not None:
            group.encoding = self._encodings.get(number, "")
        elif word == "uc":
            group.skipped = min(number or 0, 10)
        elif word == "ansicpg" and number is not None:
            group.default_encoding = f"cp{number}"
        elif word == "v":
            group.is_hidden = number != 0
        elif word == "plain":
            group.encoding, group.is_hidden = "", False
        else:
            self.blocks.control(word, number)

    def _bytes(self, data: bytes) -> None:
        if self._skip:
            taken = min(self._skip, len(data))
            self._skip -= taken
            data = data[taken:]
        if data:
            self._text(self._group.decode(data))

    def _text(self, text: str) -> None:
        group = self._group
        group.is_new = False
        if group.place == "title":
            self.title += text
        elif group.place == "style":
            group.text += text
        elif group.place == "body" and not group.is_hidden:
            self.blocks.text(text)
