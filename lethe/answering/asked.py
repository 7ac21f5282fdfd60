"""What a question asks about: its words with their weights, its names, and what must be met to the letter."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from lethe.answering.expected import is_date_word
from lethe.answering.words import Word, WordKind, words

_CAPITALISES_NOUNS: Final = frozenset({"de", "lb"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A question under the stemming of one language.

    ``weights``: content words. ``names``: words capitalised inside the question. ``exact``: numbers and identifiers,
    a number right after a name together with it: ("2024",), ("x900",), ("heron", "4").
    """

    weights: dict[str, float]
    names: frozenset[str]
    exact: frozenset[tuple[str, ...]]


def asked(question: str, language: str) -> Asked:
    """The question as seen by passages in that language."""
    found = words(question, language)
    weights: dict[str, float] = {}
    for word in found:
        if word.weight > 0:
            weights[word.form] = max(word.weight, weights.get(word.form, 0.0))
    names = frozenset(word.form for word in found[1:] if _is_name(word)) if language not in _CAPITALISES_NOUNS else ()
    return Asked(weights, frozenset(names), _exact(found))


def _exact(found: Sequence[Word]) -> frozenset[tuple[str, ...]]:
    exact: set[tuple[str, ...]] = set()
    for position, word in enumerate(found):
        if word.kind is WordKind.WORD:
            continue
        before = found[position - 1] if position > 1 else None
        is_numbered_name = word.kind is WordKind.NUMBER and before is not None and _is_name(before)
        exact.add((before.form, word.form) if is_numbered_name and before is not None else (word.form,))
    return frozenset(exact)


def _is_name(word: Word) -> bool:
    return word.kind is WordKind.WORD and word.is_capitalised and word.weight == 1 and not is_date_word(word.form)


def meets(exact: frozenset[tuple[str, ...]], forms: Sequence[str]) -> bool:
    """Whether a text (its words' forms in order) has everything that must be met to the letter, spaced or not."""
    pairs = set(pairwise(forms))
    met = {(form,) for form in forms} | pairs | {(first + second,) for first, second in pairs}
    return all(wanted in met or ("".join(wanted),) in met for wanted in exact)
