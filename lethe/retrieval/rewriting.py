"""Other wordings of a question by rules: what says nothing is left out, the words of the glossary are put in.

The question as it was asked is always the first wording. Nothing is ever taken from its middle, so numbers, names and
identifiers ("XR-200", "E1042", "PEP 8") stand in every wording as they were written.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from lethe.model.politeness import without_politeness

Synonyms = Mapping[str, tuple[str, ...]]
"""By a word or phrase, what else it is called."""

MAX_ADDED: Final = 20
"""Synonyms put into one wording."""
_LEAST_WORDS: Final = 2
_WORD: Final = re.compile(r"\w+")


def wordings(text: str, glossary: Synonyms) -> tuple[str, ...]:
    """The question as it was asked, and, if that differs, how it is better searched for."""
    rewritten = with_synonyms(without_filler(text), glossary)
    return (text,) if rewritten == text else (text, rewritten)


def without_filler(text: str) -> str:
    """The question without greetings, pleas and thanks around it; as it is where little else would be left."""
    bare = without_politeness(text)
    return bare if len(_WORD.findall(bare)) >= _LEAST_WORDS else text


def with_synonyms(text: str, glossary: Synonyms) -> str:
    """The text, and behind it what else its words are called that it does not say itself."""
    added = [synonym for term, synonyms in glossary.items() if _says(text, term) for synonym in synonyms]
    new = [synonym for synonym in dict.fromkeys(added) if not _says(text, synonym)][:MAX_ADDED]
    return " ".join((text, *new))


def _says(text: str, term: str) -> bool:
    """Whether the term stands there as a whole word or phrase, in any case."""
    return re.search(rf"(?<!\w){re.escape(term)}(?!\w)", text, re.IGNORECASE) is not None


def two_way(entries: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    """A glossary read from either side: who asks by a synonym means the term as well."""
    found: dict[str, dict[str, None]] = {}
    for term, synonyms in entries.items():
        names = [term, *synonyms]
        for name in names:
            found.setdefault(name.casefold(), {}).update({other: None for other in names if other != name})
    return {name: tuple(others) for name, others in found.items()}
