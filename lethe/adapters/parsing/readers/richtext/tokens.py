"""RTF cut into groups, control words and runs of bytes."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final

CHARSETS: Final = {
    0: "cp1252", 77: "mac_roman", 128: "cp932", 129: "cp949", 134: "gbk", 136: "big5", 161: "cp1253", 162: "cp1254",
    163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250",
}  # fmt: skip
"""Encodings by a font's \\fcharset."""
_TOKEN: Final = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\(.)|([{}])|[\r\n\x00]+|([^\\{}\r\n\x00]+)|\\\Z",
    re.DOTALL,
)


class Kind(Enum):
    OPEN = auto()
    CLOSE = auto()
    WORD = auto()
    BYTES = auto()


@dataclass(frozen=True, slots=True)
class Token:
    kind: Kind
    text: str = ""
    number: int | None = None
    data: bytes = b""


@dataclass(slots=True)
class Group:
    """What a brace opens: the next one inherits it, the closing brace forgets it."""

    place: str = "body"
    default_encoding: str = "cp1252"
    encoding: str = ""
    skipped: int = 1
    is_hidden: bool = False
    is_optional: bool = False
    is_new: bool = True
    text: str = ""

    def inner(self) -> "Group":
        return replace(self, is_optional=False, is_new=True, text="")

    def decode(self, data: bytes) -> str:
        """By the font's encoding, else the document's; never an error."""
        try:
            return codecs.decode(data, self.encoding or self.default_encoding, "replace")
        except LookupError:
            return data.decode("cp1252", errors="replace")


def tokens(data: bytes) -> Iterator[Token]:
    """The tokens of a file; neighbouring bytes come together, as some encodings need two for a character."""
    run = bytearray()
    position = 0
    while match := _TOKEN.match(data, position):
        position = match.end()
        word, number, code, sign, brace, plain = match.groups()
        if code or plain:
            run += bytes.fromhex(code.decode()) if code else plain
            continue
        token = _token(word, number, sign, brace)
        if token is None:
            continue
        if run:
            yield Token(Kind.BYTES, data=bytes(run))
            run.clear()
        yield token
        if token.text == "bin" and token.number:
            position += max(0, token.number)
    if run:
        yield Token(Kind.BYTES, data=bytes(run))


def _token(word: bytes | None, number: bytes | None, sign: bytes | None, brace: bytes | None) -> Token | None:
    if brace:
        return Token(Kind.OPEN if brace == b"{" else Kind.CLOSE)
    if word:
        return Token(Kind.WORD, word.decode(), int(number) if number else None)
    if sign in {b"\\", b"{", b"}"}:
        return Token(Kind.BYTES, data=sign)
    if sign in {b"\r", b"\n"}:
        return Token(Kind.WORD, "par")
    return Token(Kind.WORD, sign.decode("latin-1")) if sign else None
