"""What only the prompt says: its identifiers and the nonce of the request, plain or in a thin disguise."""

import base64
import binascii
import codecs
import contextlib
import re
from collections.abc import Iterable
from typing import Final

_PARTS: Final = re.compile(r"[^\s\"'`<>()\[\]{},;]+")
_ENCODED: Final = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_SHORTEST: Final = 6


def folded(text: str) -> str:
    """Letters and digits only, small: what stays of a secret however it is punctuated."""
    return "".join(character for character in text.casefold() if character.isalnum())


class Secrets:
    """Words of the prompt that no source and no question has, and that are no words of a language: keys, codes."""

    def __init__(self, prompt: str, nonce: str, known: Iterable[str]) -> None:
        public = " ".join(known)
        secrets = {folded(nonce)} | {folded(word) for word in _PARTS.findall(prompt) if _is_distinctive(word)}
        known_forms = folded(public)
        plain = {secret for secret in secrets if len(secret) >= _SHORTEST and secret not in known_forms}
        self._forms = frozenset(plain | {secret[::-1] for secret in plain} | {codecs.encode(s, "rot13") for s in plain})

    def has_any(self) -> bool:
        return bool(self._forms)

    def are_told(self, text: str) -> bool:
        """Whether a piece of text (or letters spelled out one by one) holds one of them."""
        if not self._forms:
            return False
        return self._holds(folded(text)) or any(self._holds(folded(plain)) for plain in _decoded(text))

    def _holds(self, form: str) -> bool:
        return len(form) >= _SHORTEST and any(secret in form for secret in self._forms)


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
