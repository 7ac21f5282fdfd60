"""One spelling per identifier, and finding one in running text.

Two forms, for two uses. `normalise_identifier` is exact: the blind index stands on it, and nobody else's data may be
taken for the person's. `text_key` is what can be recognised wherever it stands in a text: separators, accents and the
country code of a phone number say nothing there.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

import stopwordsiso

from lethe.model.ids import is_id
from lethe.model.indexes import NIL_ID

_DIGITS_ONLY: Final = frozenset({"phone", "staff_number", "iban", "card"})
_SUBSCRIBER_DIGITS: Final = 9
"""The end of a phone number that is the same with and without country code or trunk zero."""
_LEAST_DIGITS: Final = 6
_LEAST_CHARACTERS: Final = 3
_LEAST_LETTERS: Final = 6
"""Of a number that has no digit: shorter ones are words that anybody writes."""

_TOKEN: Final = re.compile(r"[^\W\d_]+|\d+")
_BETWEEN_DIGITS: Final = re.compile(r"(?<=\d)[\s().\-/]{1,4}(?=\d)")
_DASHES: Final = re.compile(r"[\u2010-\u2015\u2212]")
_MAIL: Final = re.compile(r"[\w.+%'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_TOP_LEVEL: Final = re.compile(r"[^\W\d_]+|xn--[\w-]+")
_TOP_LEVEL_FIRST: Final = re.compile(r"[^\W\d_]+(?=-)")
_FILE_ENDING: Final = re.compile(
    "7z|bak|bz2|csv|docx?|eml|epub|gif|gz|html?|jpe?g|jsonl?|log|markdown|md|mht|msg|ndjson|od[pst]|pdf|png|pptx?"
    "|rest|rst|rtf|tar|text|tgz|tiff?|tsv|txt|xhtml|xlsx?|xml|ya?ml|zip"
)
"""Where one is a top-level domain, too, what ends so (`.com.md`) is taken for a file."""
_NUMBER: Final = re.compile(r"\d{6,}")
_UNSPACED: Final = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
"""Scripts written without spaces, or with endings joined to a name: no word boundary shows where one ends."""

_COMMON_IN: Final = ["de", "en", "es", "fr", "it", "nl", "pt"]

MAX_NAME_WORDS: Final = 4
MAX_NUMBER_TOKENS: Final = 4


def normalise_identifier(kind: str, value: str) -> str:
    """The exact form: NFKC, case folded, spaces collapsed; separators dropped where they mean nothing."""
    text = " ".join(_visible(unicodedata.normalize("NFKC", value)).casefold().split())
    if kind in _DIGITS_ONLY:
        kept = "".join(character for character in text if character.isalnum() or character == "+")
        return f"+{kept[2:]}" if kind == "phone" and kept.startswith("00") else kept
    return text


def normalise_text(text: str) -> str:
    """NFKC, without invisible characters and accents, case folded, one kind of dash, single spaces."""
    return " ".join(_folded(text).split())


def text_key(kind: str, value: str) -> str:
    """What of an identifier a text is searched for; empty if too little of it is left to tell anybody."""
    folded = normalise_text(value)
    if kind == "phone":
        digits = "".join(character for character in folded if character.isdecimal())
        return digits[-_SUBSCRIBER_DIGITS:] if len(digits) >= _LEAST_DIGITS else ""
    if kind == "email":
        return folded if _MAIL.fullmatch(folded) else ""
    if kind == "principal":
        return folded
    tokens = _TOKEN.findall(folded)
    if kind == "name":
        return " ".join(tokens) if len(tokens) > 1 or _UNSPACED.search(folded) else ""
    return " ".join(tokens) if len("".join(tokens)) >= _LEAST_CHARACTERS else ""


def is_telling(kind: str, value: str) -> bool:
    """Whether an identifier tells one person from others well enough to hide and destroy by it."""
    key = text_key(kind, value)
    if kind == "principal":
        return is_id(key) and key != NIL_ID
    if kind in {"staff_number", "other"}:
        return any(character.isdecimal() for character in key) or len(key) >= _LEAST_LETTERS
    return bool(key)


def is_common(kind: str, value: str) -> bool:
    """Whether it may be words that anybody writes: nothing is hidden by it before a second principal has looked."""
    tokens = text_key(kind, value).split()
    if kind in {"staff_number", "other"}:
        return not any(token.isdecimal() for token in tokens)
    return kind == "name" and all(token in _common_words() for token in tokens)


@cache
def _common_words() -> frozenset[str]:
    return frozenset(normalise_text(word) for word in stopwordsiso.stopwords(_COMMON_IN))


@dataclass(frozen=True, slots=True)
class SearchedText:
    """A text in the forms that the kinds of identifiers are looked for in."""

    plain: str
    words: str
    digits: str

    @classmethod
    def of(cls, text: str) -> "SearchedText":
        plain = normalise_text(text)
        return cls(plain, f" {' '.join(_TOKEN.findall(plain))} ", _BETWEEN_DIGITS.sub("", plain))

    def holds(self, kind: str, key: str) -> bool:
        """Whether the text contains the identifier with this `text_key`. In doubt it does: this only hides."""
        if not key:
            return False
        if kind == "phone":
            return key in self.digits
        if kind == "email":
            return _stands_alone(self.plain, key)
        if kind == "principal":
            return _stands_alone(self.plain, key)
        if _UNSPACED.search(key):
            return key.replace(" ", "") in self.plain.replace(" ", "")
        return f" {key} " in self.words


def candidates(text: str) -> Iterator[tuple[str, str]]:
    """Every (kind, `text_key`) that could be an identifier of somebody in the text.

    Names: 2 to 4 words that follow each other, however they are written; in scripts without spaces 2 to 6 characters.
    Not found: a name of one word, one broken by other words, a spelling that differs by more than case and accents,
    and a staff number or other identifier without a digit.
    """
    searched = SearchedText.of(text)
    for found in _MAIL.finditer(searched.plain):
        yield from (("email", address) for address in _addresses(found.group().strip(".'%+-")))
    for found in _NUMBER.finditer(searched.digits):
        run = found.group()
        for end in range(min(len(run), _SUBSCRIBER_DIGITS), len(run) + 1):
            yield "phone", run[max(0, end - _SUBSCRIBER_DIGITS) : end]
    tokens = searched.words.split()
    yield from _numbers(tokens)
    yield from _names(tokens)


def _addresses(found: str) -> Iterator[str]:
    """Itself, and the shorter ones that a file may be called after: without what ends no host's name.

    Nothing more is cut: firm.com.au, which begins with firm.com, is another host, and its people are others.
    """
    local, at, domain = found.partition("@")
    yield found
    shorter = _shorter(domain)
    while "." in shorter:
        yield f"{local}{at}{shorter}"
        shorter = _shorter(shorter)


def _shorter(domain: str) -> str:
    """Without the ending of a file's name, or what follows a top-level domain; "" if it is as short as it may be."""
    host, underscore, _ = domain.partition("_")
    if underscore:
        return host.rstrip("-")
    head, _, last = domain.rpartition(".")
    if _FILE_ENDING.fullmatch(last):
        return head
    if _TOP_LEVEL.fullmatch(last):
        return ""
    top_level = _TOP_LEVEL_FIRST.match(last)
    return f"{head}.{top_level.group()}" if top_level else head


def _names(tokens: list[str]) -> Iterator[tuple[str, str]]:
    for start, first in enumerate(tokens):
        for size in range(2, min(MAX_NAME_WORDS, len(tokens) - start) + 1):
            yield "name", " ".join(tokens[start : start + size])
        if _UNSPACED.search(first):
            for begin in range(len(first)):
                yield from (("name", first[begin : begin + size]) for size in range(2, min(6, len(first) - begin) + 1))


def _numbers(tokens: list[str]) -> Iterator[tuple[str, str]]:
    for start in range(len(tokens)):
        for size in range(1, min(MAX_NUMBER_TOKENS, len(tokens) - start) + 1):
            some = tokens[start : start + size]
            if any(token.isdecimal() for token in some):
                yield "staff_number", " ".join(some)
                yield "other", " ".join(some)


def _visible(text: str) -> str:
    """Soft hyphens, zero-width and direction marks do not show, so they make no other word."""
    return "".join(character for character in text if unicodedata.category(character) != "Cf")


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFKD", _visible(text).casefold())
    bare = "".join(character for character in parts if not unicodedata.combining(character))
    return _DASHES.sub("-", unicodedata.normalize("NFKC", bare).casefold())


def _stands_alone(text: str, key: str) -> bool:
    """Whether the key is in the text with no letter or digit at either side."""
    place = text.find(key)
    while place >= 0:
        before, after = text[place - 1 : place], text[place + len(key) : place + len(key) + 1]
        if not before.isalnum() and not after.isalnum():
            return True
        place = text.find(key, place + 1)
    return False
