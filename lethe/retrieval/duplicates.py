"""Passages that say the same: an answer gains nothing from the second."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from lethe.ports.search import Passage

SHINGLE_WORDS: Final = 5
_WORD: Final = re.compile(r"\w+")


def without_near_duplicates(passages: Iterable[Passage], threshold: float) -> Iterator[Passage]:
    """The passages in their order, less each that one before it already says: the better one stays.

    Two say the same if their texts are equal, or share ``threshold`` of the runs of five words that both have
    (Jaccard; Broder 1997). Neighbouring chunks, which overlap a little, do not.
    """
    kept: list[tuple[str, frozenset[tuple[str, ...]]]] = []
    for passage in passages:
        shingles = _shingles(passage.text)
        if any(hmac == passage.text_hmac or _shared(shingles, other) >= threshold for hmac, other in kept):
            continue
        kept.append((passage.text_hmac, shingles))
        yield passage


def _shingles(text: str) -> frozenset[tuple[str, ...]]:
    words = _WORD.findall(text.casefold())
    return frozenset(tuple(words[at : at + SHINGLE_WORDS]) for at in range(max(1, len(words) - SHINGLE_WORDS + 1)))


def _shared(first: frozenset[tuple[str, ...]], second: frozenset[tuple[str, ...]]) -> float:
    if min(len(first), len(second)) < max(len(first), len(second)) / 2:
        return 0.0  # cannot reach any threshold allowed; most pairs end here
    return len(first & second) / len(first | second)
