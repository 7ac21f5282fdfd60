"""Links, images and HTML in a piece of an answer. Only what stands in the sources to the letter may pass.

A link of an answer is a way out: whoever poisons a document can have a model put what it knows into an address, and an
image is fetched without a click. So an address is compared whole: one character more than the source's is another one.
"""

import re
from collections.abc import Iterable
from copy import copy
from functools import cached_property
from typing import Final

from lethe.guards.leaks import Leak

REMOVED: Final = "[link removed]"

WIDE: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fff\u3005-\u3007\u3021-\ud7ff\uf900-\ufaff"
    "\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff66-\uffef\U00020000-\U0003ffff"
)
"""Letters of scripts that are written without spaces (Thai, Lao, Burmese, Khmer, Chinese, Japanese, Korean)."""
WIDE_MARKS: Final = "\u3001-\u3004\u3008-\u3020\uff00-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
"""Their punctuation: there an address ends."""

_TOP: Final = (
    "com|net|org|io|ai|app|dev|xyz|info|biz|online|site|top|club|cloud|page|link|click|live|shop|store|tech|space|website"
    "|ru|cn|de|uk|fr|nl|eu|us|ua|pw|cc|tk|ml|ga|cf|gq|ws|su|onion|example|invalid|test"
)
# An address begins where its whole run of names does, and a name is as long as it likes: so no start is tried within
# another one's run, and none hides behind a name that is too long.
_ADDRESS: Final = re.compile(
    r"""
    (?:h[tx]{2}ps?|ftps?|wss?|file|javascript|vbscript|blob|mailto|tel|sms|intent|about|view-source|chrome|gopher|ldap)\s?:{rest}*
    | data:(?:[a-z]+/|;|,|base64){rest}*
    | [a-z][a-z0-9+.-]{1,20}://{rest}*
    | (?<![:\w/])(?://|\\\\){letter}+(?:\.{letter}+)+{rest}*
    | (?:(?<=[{wide}])|{begin})www\.{rest}+
    | {begin}(?:{letter}+\.)+[a-z]{2,24}\.?(?::\d+|[/?#\\]){rest}*
    | (?:(?<=[{wide}])|{begin})(?:\d{1,3}\.){3}\d{1,3}(?::\d+|[/?#]){rest}*
    | {begin}(?:{letter}+\.)+(?:{top})(?![\w-])
    """.replace("{top}", _TOP)
    .replace("{begin}", r"(?<![@\w])(?<![\w-][.-])(?<!\.-)")
    .replace("{wide}", WIDE)
    .replace("{rest}", rf"[^\s<>\"'`|\[\]{WIDE_MARKS}]")
    .replace("{letter}", rf"[\w{WIDE}-]"),
    re.VERBOSE | re.IGNORECASE,
)
_WIDE: Final = re.compile(f"[{WIDE}]+")
_BEFORE_WIDE: Final = re.compile(f"[^{WIDE}]+(?=[{WIDE}])")
_CLOSERS: Final = ".,;:!?)]}>*_\"'’”»。，）"
_PLAIN_HTTP: Final = re.compile(r"^https?://", re.IGNORECASE)
_IMAGE: Final = re.compile(r"!(?=\[)(?!\[\d+\](?![(\[:]))")
"""Not the mark of a citation after an exclamation: "Great![1]"."""
_TAG: Final = re.compile(r"<(?=[A-Za-z/!?])")
_PLAIN_TAG: Final = re.compile(r"</?([A-Za-z][A-Za-z0-9]{0,20})>")
_ACTIVE: Final = frozenset(
    {
        "a", "applet", "area", "audio", "base", "body", "button", "embed", "form", "frame", "frameset", "head", "html",
        "iframe", "img", "image", "input", "link", "math", "meta", "noscript", "object", "picture", "portal", "script",
        "select", "source", "style", "svg", "template", "textarea", "track", "video",
    }
)  # fmt: skip
_TARGET: Final = re.compile(r"\]\(\s*<?([^)>]*)")
_OPENS_TARGET: Final = re.compile(r"\]\(\s*<?$")
_OPENS_DEFINITION: Final = re.compile(r"\]:$")


def addresses(text: str) -> set[str]:
    """Every address in a text, as `AllowedLinks` compares them."""
    # "see https://docs.example/aを": who repeats the address may put a space where this text has none.
    found = {_key(match.group()) for each in (text, _WIDE.sub(" ", text)) for match in _ADDRESS.finditer(each)}
    return found | {key.rstrip(_CLOSERS) for key in found}


class AllowedLinks:
    """Cleans the pieces of one answer, in order; a link's target may come in the piece after its opening."""

    def __init__(self, sources: Iterable[str]) -> None:
        self._known = _Known(sources)
        self.reset()

    def anew(self) -> "AllowedLinks":
        """One that knows the same and has seen nothing."""
        other = copy(self)
        other.reset()
        return other

    def reset(self) -> None:
        """Forget what was seen."""
        self._opened = ""

    def cleaned(self, piece: str) -> tuple[str, list[Leak]]:
        """The piece (no white space in it) without what is not in the sources, and what was removed."""
        leaks: list[Leak] = []
        opened, self._opened = self._opened, ""
        if _OPENS_TARGET.search(piece):
            self._opened = "target"
        elif _OPENS_DEFINITION.search(piece):
            self._opened = "definition"
        if opened == "target" or (opened == "definition" and any(mark in piece for mark in "/:\\")):
            piece = self._target(piece.lstrip("<"), leaks)
        piece = self._links(piece, leaks)
        if _IMAGE.search(piece):
            leaks.append(Leak.IMAGE)
            piece = _IMAGE.sub("", piece)
        return self._html(piece, leaks), leaks

    def _links(self, piece: str, leaks: list[Leak]) -> str:
        match = _TARGET.search(piece)
        if match and match[1] and not match[1].startswith("#"):
            kept = self._target(match[1], leaks)
            if kept != match[1]:
                piece = piece[: match.start(1)] + kept + piece[match.end(1) :]
        for address in _ADDRESS.finditer(piece):
            if not self._is_allowed(address.group()):
                before = _BEFORE_WIDE.match(address.group())
                if before and self._is_allowed(before.group()):
                    end = address.start() + before.end()
                    return f"{piece[:end]} {self._links(piece[end:], leaks)}"
                leaks.append(Leak.LINK)
                rest = piece[address.start() :]
                closers = rest[len(rest.rstrip(_CLOSERS)) :]
                return piece[: address.start()] + REMOVED + closers
        return piece

    def _target(self, target: str, leaks: list[Leak]) -> str:
        address = target.rstrip(_CLOSERS)
        if not address or self._is_allowed(address):
            return target
        leaks.append(Leak.LINK)
        return REMOVED + target[len(address) :]

    def _is_allowed(self, address: str) -> bool:
        key = _key(address)
        while key:
            if key in self._known.addresses:
                return True
            if key[-1] not in _CLOSERS:
                return False
            key = key[:-1]
        return False

    def _html(self, piece: str, leaks: list[Leak]) -> str:
        def opened(match: re.Match[str]) -> str:
            whole = _PLAIN_TAG.match(piece, match.start())
            if whole and whole.group() in self._known.tags and whole[1].lower() not in _ACTIVE:
                return "<"
            address = _ADDRESS.match(piece, match.end())
            if address and self._is_allowed(address.group()):
                return "<"
            leaks.append(Leak.HTML)
            return "‹"

        return _TAG.sub(opened, piece)


class _Known:
    """What the sources have: read at the first address or tag of an answer, which most answers have none of."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = tuple(texts)

    @cached_property
    def addresses(self) -> frozenset[str]:
        return frozenset(key for text in self._texts for key in addresses(text) if key)

    @cached_property
    def tags(self) -> frozenset[str]:
        return frozenset(match.group() for text in self._texts for match in _PLAIN_TAG.finditer(text))


def _key(address: str) -> str:
    return _PLAIN_HTTP.sub("", address).rstrip("/")
