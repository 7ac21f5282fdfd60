"""Which sentences of the passages are worth their tokens: those that tell something about the question.

Relevance is the one of the extractive answer (lethe.answering.relevance): by words, no model, the same in any language.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from lethe.answering.relevance import candidates, sentences_of
from lethe.answering.sentences import Sentence
from lethe.answering.tokens import count_tokens
from lethe.ports.search import Passage

MARGIN: Final = 4.0
"""A sentence further below the best one than this is left out. At 4 no expected span of the samples' golden questions
was lost and 35 % of the tokens were saved (tests/unit/answering/test_context.py); 6 saves 14 %."""
NEIGHBOURS: Final = 1
"""Sentences kept before and after a relevant one: what "it" and "there" in it mean."""


@dataclass(frozen=True, slots=True)
class Rated:
    """A sentence of a passage. ``score`` as in Candidate, -inf where it says nothing about the question."""

    passage: int
    sentence: Sentence
    score: float
    tokens: int


def rate(question: str, passages: Sequence[Passage]) -> list[list[Rated]]:
    """Every sentence of every passage, in the order they stand there."""
    cut = [sentences_of(passage) for passage in passages]
    scores = {(each.passage, each.sentence.start): each.score for each in candidates(question, passages, cut)}
    return [
        [
            Rated(number, sentence, scores.get((number, sentence.start), float("-inf")), count_tokens(sentence.text))
            for sentence in told
        ]
        for number, told in enumerate(cut)
    ]


def relevant(rated: Sequence[Sequence[Rated]], margin: float = MARGIN) -> list[set[int]]:
    """For each passage the places of its sentences that are near enough to the best one of all, and their neighbours'.

    The best sentence of a passage always stays: the search found it for a reason that words may not show.
    """
    best = max((one.score for passage in rated for one in passage), default=0.0)
    return [_kept(passage, best - margin) for passage in rated]


def _kept(passage: Sequence[Rated], floor: float) -> set[int]:
    if not passage:
        return set()
    own_best = max(range(len(passage)), key=lambda place: passage[place].score)
    near = {place for place, one in enumerate(passage) if one.score >= floor} | {own_best}
    return {
        neighbour
        for place in near
        for neighbour in range(place - NEIGHBOURS, place + NEIGHBOURS + 1)
        if 0 <= neighbour < len(passage)
    }
