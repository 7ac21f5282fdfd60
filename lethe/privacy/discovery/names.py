"""The words of a person's name, and which words stand for them."""

import re
from dataclasses import dataclass
from typing import Final

from lethe.privacy.discovery.folding import fold

TITLES: Final = (
    "mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "herr", "herrn", "frau", "hr", "fr", "ing", "mag",
    "mme", "mlle", "monsieur", "madame", "sr", "sra", "srta", "senor", "senora", "sig", "signor", "signora", "pan",
    "pani", "sir", "dame", "lady", "lord", "rev", "judge", "captain", "officer", "sergeant", "nurse", "coach", "doctor",
)  # fmt: skip
PARTICLES: Final = frozenset({
    "von", "van", "der", "den", "de", "del", "della", "di", "da", "dos", "das", "du", "la", "le", "los", "ter",
    "ten", "te", "zu", "zur", "zum", "bin", "ibn", "al", "el", "st", "san", "mac",
})  # fmt: skip
_WORD: Final = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")
_UMLAUTS: Final = {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"}


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a name, and its spellings in folded texts."""

    folded: str
    spellings: frozenset[str]

    @classmethod
    def of(cls, written: str) -> "Word":
        """Umlauts are also written as two letters, and two letters may stand for an umlaut."""
        folded = fold(written)
        wide = fold("".join(_UMLAUTS.get(character, character) for character in written.casefold()))
        narrow = re.sub(r"([aou])e", r"\1", folded)
        return cls(folded, frozenset({folded, wide, narrow}))


@dataclass(frozen=True, slots=True)
class PersonName:
    """``given``: first and middle names, in order; ``particles`` stand before the family name ("van der")."""

    given: tuple[Word, ...]
    particles: tuple[str, ...]
    family: Word

    @classmethod
    def of(cls, value: str) -> "PersonName | None":
        """Given names first, or the family name and a comma; titles are dropped. None for one word alone."""
        last, comma, first = value.partition(",")
        written = _words(f"{first} {last}" if comma and _words(first) else value)
        while written and fold(written[0]) in TITLES:
            written = written[1:]
        if len(written) < 2:
            return None
        before = len(written) - 1
        while before > 1 and fold(written[before - 1]) in PARTICLES:
            before -= 1
        given = tuple(Word.of(word) for word in written[:before])
        return cls(given, tuple(fold(word) for word in written[before:-1]), Word.of(written[-1]))


def _words(text: str) -> list[str]:
    return _WORD.findall(text.replace("’", "'").replace("‐", "-"))
