"""Tokenizers for tests: as simple as can be, and as awkward as real ones."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """A token a word or mark, like WordPiece without the pieces."""

    max_tokens: int = 254

    def offsets(self, text: str) -> list[tuple[int, int]]:
        return [found.span() for found in re.finditer(r"\w+|[^\w\s]", text)]


@dataclass(frozen=True)
class Bytes:
    """A token a byte: several tokens share one character, and spaces count."""

    max_tokens: int = 254

    def offsets(self, text: str) -> list[tuple[int, int]]:
        return [(at, at + 1) for at, character in enumerate(text) for _ in character.encode(errors="surrogatepass")]
