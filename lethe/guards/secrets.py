"""What only the prompt says: its identifiers and the nonce of the request, plain or in a thin disguise."""

import base64
import binascii
import codecs
import contextlib
import re
from collections.abc import Iterable
from copy import copy
from typing import Final

_PARTS: Final = re.compile(r"[^\s\"'`<>()\[\]{},;]+")
_ENCODED: Final = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_SHORTEST: Final = 6
_MOST_PIECES: Final = 200


def folded(text: str) -> str:
    """Letters and digits only, small: what stays of a secret however it is punctuated."""
    return "".join(filter(str.isalnum, text.casefold()))


class Secrets:
    """Words of the prompt that no source and no question has, and that are no words of a language: keys, codes.

    Pieces come in order, white space included. Held back is at most what may become a secret: a few pieces.
    """

    def __init__(self, prompt: str, nonce: str, known: Iterable[str]) -> None:
        secrets = {folded(nonce)} | {folded(word) for word in _PARTS.findall(prompt) if _is_distinctive(word)}
        public = folded(" ".join(known))
        plain = {secret for secret in secrets if len(secret) >= _SHORTEST and secret not in public}
        self._forms = frozenset(plain | {secret[::-1] for secret in plain} | {codecs.encode(s, "rot13") for s in plain})
        self._beginnings = frozenset(form[:length] for form in self._forms for length in range(1, len(form)))
        self._longest = max((len(form) for form in self._forms), default=0)
        self.reset()

    def anew(self) -> "Secrets":
        """One that knows the same and has seen nothing."""
        other = copy(self)
        other.reset()
        return other

    def reset(self) -> None:
        """Forget what was seen."""
        self._held: list[tuple[str, str]] = []

    def push(self, piece: str) -> tuple[str, bool]:
        """What may go out now, and whether a secret was taken out."""
        if not self._forms:
            return piece, False
        form = folded(piece)
        if form and any(self._holds(folded(plain)) for plain in _decoded(piece)):
            return self.flush(), True
        self._held.append((piece, form))
        whole = "".join(form for _, form in self._held)
        if self._holds(whole):
            self._held = []
            return "", True
        return self._released(self._begun(whole)), False

    def flush(self) -> str:
        """What is still held, when the answer ends."""
        held, self._held = "".join(piece for piece, _ in self._held), []
        return held

    def _holds(self, form: str) -> bool:
        return any(secret in form for secret in self._forms)

    def _begun(self, whole: str) -> int:
        """How many letters at the end may be the beginning of a secret, told in pieces or letter by letter."""
        lengths = range(min(self._longest - 1, len(whole)), 0, -1)
        return next((length for length in lengths if whole[-length:] in self._beginnings), 0)

    def _released(self, letters: int) -> str:
        kept = 0
        first = len(self._held)
        while first > 0 and kept < letters and len(self._held) - first < _MOST_PIECES:
            first -= 1
            kept += len(self._held[first][1])
        going = "".join(piece for piece, _ in self._held[:first])
        self._held = self._held[first:]
        return going


def _is_distinctive(word: str) -> bool:
    has_digit = any(character.isdigit() for character in word)
    has_letter = any(character.isalpha() for character in word)
    inner = word.strip(".:!?*_#-")
    is_shouted = len(inner) >= _SHORTEST and inner.isupper() and ("-" in inner or "_" in inner)
    return (has_digit and has_letter and len(inner) >= _SHORTEST) or is_shouted


def _decoded(text: str) -> Iterable[str]:
    for match in _ENCODED.finditer(text):
        word = match.group().rstrip("=")
        with contextlib.suppress(binascii.Error, ValueError):
            yield base64.urlsafe_b64decode(word.replace("+", "-").replace("/", "_") + "=" * (-len(word) % 4)).decode()
        with contextlib.suppress(ValueError):
            yield bytes.fromhex(word).decode()
