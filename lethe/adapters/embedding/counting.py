"""Counting a provider's tokens without asking it."""

import re
from base64 import b64decode
from functools import cached_property
from hashlib import sha256
from itertools import accumulate
from typing import Final

import tiktoken

from lethe.adapters.embedding.packaged import packaged
from lethe.errors import ConfigurationError

# Both from tiktoken's own openai_public.py (MIT), which would fetch the table at run time.
_PATTERN: Final = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+"
    r"|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
)
_TABLE_SHA256: Final = "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7"

_ESTIMATED: Final = re.compile(r"[A-Za-z]{1,4}|[0-9]{1,2}|[^\s]")


class Cl100kTokenizer:
    """OpenAI's cl100k_base: exactly the tokens its embedding models count. Loaded at first use.

    A token's span is without the white space around it; one that is white space, or not the last of a character's
    several, has an empty span.
    """

    def __init__(self, max_tokens: int) -> None:
        self._max_tokens = max_tokens

    @property
    def max_tokens(self) -> int:
        return self._max_tokens

    def offsets(self, text: str) -> list[tuple[int, int]]:
        parts = self._encoding.decode_tokens_bytes(self._encoding.encode_ordinary(text))
        if len(text) == sum(map(len, parts)):
            ends = list(accumulate(map(len, parts)))
        else:
            ends = _characters(text, list(accumulate(map(len, parts))))
        return [_stripped(text, start, end) for start, end in zip([0, *ends], ends, strict=False)]

    @cached_property
    def _encoding(self) -> tiktoken.Encoding:
        table = packaged("tiktoken_ext", "data/cl100k_base.tiktoken").read_bytes()
        if sha256(table).hexdigest() != _TABLE_SHA256:
            raise ConfigurationError("the table of cl100k_base is not the one OpenAI published")
        ranks = {b64decode(token): int(rank) for token, rank in (line.split() for line in table.splitlines() if line)}
        return tiktoken.Encoding("cl100k_base", pat_str=_PATTERN, mergeable_ranks=ranks, special_tokens={})


class EstimatingTokenizer:
    """For a tokenizer that is not known here: four letters, two digits or one other sign are a token.

    More than a real one counts in most prose, not in all text: what overflows the model is embedded in smaller pieces.
    """

    def __init__(self, max_tokens: int) -> None:
        self._max_tokens = max_tokens

    @property
    def max_tokens(self) -> int:
        return self._max_tokens

    def offsets(self, text: str) -> list[tuple[int, int]]:
        return [match.span() for match in _ESTIMATED.finditer(text)]


def _characters(text: str, octets: list[int]) -> list[int]:
    """How many characters end at or before each of the ascending positions in the text's UTF-8."""
    ends = list(accumulate(len(character.encode("utf-8", "replace")) for character in text))
    found: list[int] = []
    count = 0
    for position in octets:
        while count < len(ends) and ends[count] <= position:
            count += 1
        found.append(count)
    return found


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
