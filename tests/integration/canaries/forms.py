"""A name that is nowhere else, as the bytes of each form that a store could hold it in."""

import base64
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Self
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

_LETTERS: Final = "bcdfghjklmnprtvwxz"
_FIRST: Final = "Q"
"""No other word begins with it: FTS5 writes a term without the letters that it shares with the one before."""
_HALF: Final = 8
_STEM: Final = 3
"""How much of a word's end a stemmer may take."""
_RUN: Final = 8
"""Numbers of a vector in a row: whatever stands between two pages of a file, some of its runs are whole."""


class Form(StrEnum):
    """How a store may write what it knows of a person."""

    UTF8 = "UTF-8"
    UTF16_LE = "UTF-16 LE"
    UTF16_BE = "UTF-16 BE"
    BASE64_0 = "base64, first byte of a group"
    BASE64_1 = "base64, second byte of a group"
    BASE64_2 = "base64, third byte of a group"
    JSON = "JSON-escaped"
    PERCENT = "percent-encoded"
    TERM = "index term"
    FLOAT32 = "vector, float32"
    FLOAT16 = "vector, float16"
    SEALED = "sealed value"
    KEY = "wrapped data key"


IN_CLEAR: Final = tuple(form for form in Form if form not in {Form.SEALED, Form.KEY})
TEXTS: Final = IN_CLEAR[: IN_CLEAR.index(Form.TERM)]

Needles = Mapping[Form, tuple[bytes, ...]]


@dataclass(frozen=True, slots=True)
class Canary:
    """One invented person. A letter outside Latin-1 in the name makes every encoding of it another string of bytes."""

    name: str = field(default_factory=lambda: _FIRST + _letters() + "ő" + _letters())
    mail: str = field(default_factory=lambda: f"{_letters()}{_letters()}@example.org")

    @property
    def texts(self) -> Needles:
        """Of the name; of the address where its bytes are those of no other form."""
        plain = self.name.encode()
        encoded = [
            (plain, self.mail.encode()),
            (self.name.encode("utf-16-le"),),
            (self.name.encode("utf-16-be"),),
            *((_base64(plain, offset),) for offset in range(3)),
            (json.dumps(self.name).strip('"').encode(),),
            (quote(self.name).encode(),),
        ]
        return {**dict(zip(TEXTS, encoded, strict=True)), Form.TERM: (self.name.lower()[:-_STEM].encode(),)}

    @property
    def collected(self) -> str:
        """A text that holds the name in each form that is made of ASCII letters."""
        forms = (Form.BASE64_0, Form.BASE64_1, Form.BASE64_2, Form.JSON, Form.PERCENT)
        return "\n\n".join(f"{form.value} reads {self.texts[form][0].decode()} in full." for form in forms)


class Wanted(dict[Form, tuple[bytes, ...]]):
    """Needles by form, which grow as the stores give theirs away."""

    @classmethod
    def of(cls, canary: Canary) -> Self:
        return cls(canary.texts)

    def add_vectors(self, vectors: Iterable[NDArray[np.float32]]) -> None:
        for vector in vectors:
            for form, kind in ((Form.FLOAT32, "<f4"), (Form.FLOAT16, "<f2")):
                runs = vector[: vector.size - vector.size % _RUN].reshape(-1, _RUN).astype(kind)
                self.add(form, [run.tobytes() for run in runs])

    def add(self, form: Form, needles: Iterable[bytes]) -> None:
        self[form] = tuple(dict.fromkeys((*self.get(form, ()), *needles)))


def _letters() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(_HALF))


def _base64(plain: bytes, offset: int) -> bytes:
    """What of the encoding depends on the name alone, if it begins at this byte of a group of three."""
    encoded = base64.b64encode(bytes(offset) + plain)
    first = 4 if offset else 0
    return encoded[first : (offset + len(plain)) // 3 * 4]
