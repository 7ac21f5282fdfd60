"""A question without what says nothing of what is asked: politeness, case, white space, closing marks.

Only what cannot change the answer goes. An acronym keeps its case ("Who works in IT?"), and so does every mark inside
or before a word that may mean something (X-900, -5, .NET, C++).
"""

import unicodedata
from typing import Final

from lethe.model.politeness import without_politeness

WORDING_REVISION: Final = "wording-2"
"""Part of every cache key: a changed rule, here or of politeness, finds no answer of the old one."""

_OPENING: Final = "\"'`“”„‘’«»([{¿¡"
_CLOSING: Final = "\"'`“”‘’«»)]}?!.,;:…"


def plain_wording(question: str) -> str:
    """Equal for two questions that differ in nothing that is asked."""
    words = without_politeness(unicodedata.normalize("NFKC", question)).split()
    is_shouted = not any(word != word.upper() for word in words)
    bare = (_bare(word) for word in words)
    return " ".join(word if _is_acronym(word) and not is_shouted else word.casefold() for word in bare if word)


def _bare(word: str) -> str:
    return word.lstrip(_OPENING).rstrip(_CLOSING)


def _is_acronym(word: str) -> bool:
    return len(word) > 1 and word.isalpha() and word.isupper()
