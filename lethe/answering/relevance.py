"""How well a sentence answers a question, by its words; what an embedding knows is added by `extractive`."""

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from lethe.answering.asked import Asked, asked, meets
from lethe.answering.calibration import (
    FRAGMENT_WORDS,
    REPLY_SENTENCES,
    WEIGHT_EXPECTED,
    WEIGHT_FRAGMENT,
    WEIGHT_HEADINGS,
    WEIGHT_PASSAGE,
    WEIGHT_PREVIOUS,
    WEIGHT_QUESTION_BEFORE,
    WEIGHT_SENTENCE,
)
from lethe.answering.expected import Expected, expected_of, offers
from lethe.answering.sentences import Sentence, sentences
from lethe.answering.words import Word, WordKind, words
from lethe.ports.search import Passage


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence of a passage and what its words say. ``score`` orders the sentences of one question.

    Shares (0..1, by weight) of the question's words: ``covered`` by the sentence, what stands just before it and its
    headings; ``passage_covered`` by the whole passage and its headings. ``misses_name``: a name of the question is
    nowhere in those; ``misses_exact``: a number or identifier is not.
    """

    passage: int
    sentence: Sentence
    score: float
    covered: float
    passage_covered: float
    misses_name: bool
    misses_exact: bool


_Read = Sequence[tuple[Sentence, Sequence[Word]]]
"""The sentences of a passage with their words."""


@dataclass(frozen=True, slots=True)
class _Source:
    """A passage as its sentences see it. ``headings``: of the section, the document's title and its file name."""

    asked: Asked
    headings: frozenset[str]
    covered: float
    misses_name: bool
    misses_exact: bool


@dataclass(frozen=True, slots=True)
class _Unit:
    """A sentence that tells something; the words just before it, and those of a question it may reply to."""

    passage: int
    sentence: Sentence
    forms: frozenset[str]
    previous: frozenset[str]
    replies_to: frozenset[str]
    is_expected: bool
    is_fragment: bool


def candidates(
    question: str, passages: Sequence[Passage], cut: Sequence[Sequence[Sentence]] | None = None
) -> list[Candidate]:
    """The sentences of all passages that tell something, best first by words alone.

    ``cut``: the passages' sentences, where they are at hand.
    """
    expected = expected_of(question)
    by_language = {language: asked(question, language) for language in {passage.language for passage in passages}}
    read = [
        [(sentence, words(sentence.text, passage.language)) for sentence in told]
        for passage, told in zip(passages, cut or map(sentences_of, passages), strict=True)
    ]
    sources = [
        _source(by_language[passage.language], passage, told) for passage, told in zip(passages, read, strict=True)
    ]
    units = [unit for number, told in enumerate(read) for unit in _units(number, told, sources[number], expected)]
    frequency = Counter(form for unit in units for form in unit.forms)
    # Idf over the candidates: a word that all of them have tells none of them apart, one that none has counts most.
    weights = {
        language: {
            form: weight * math.log(1 + len(units) / (0.5 + frequency[form])) for form, weight in one.weights.items()
        }
        for language, one in by_language.items()
    }
    found: list[Candidate] = []
    for unit in units:
        passage = passages[unit.passage]
        hint = 0.0 if expected is Expected.ANYTHING else 0.5 if unit.is_expected else -0.5
        found.append(_candidate(unit, sources[unit.passage], weights[passage.language], hint, passage.score))
    return sorted(found, key=lambda candidate: (-candidate.score, candidate.passage, candidate.sentence.start))


def sentences_of(passage: Passage) -> list[Sentence]:
    """In the order they stand there."""
    return sentences(passage.text, passage.language)


def _candidate(
    unit: _Unit, source: _Source, weights: Mapping[str, float], hint: float, passage_score: float
) -> Candidate:
    layers = (unit.forms, unit.replies_to, unit.previous, source.headings)
    own, with_question, with_previous, with_headings = _shares(weights, layers)
    score = (
        WEIGHT_SENTENCE * own
        + WEIGHT_QUESTION_BEFORE * (with_question - own)
        + WEIGHT_PREVIOUS * (with_previous - with_question)
        + WEIGHT_HEADINGS * (with_headings - with_previous)
        + WEIGHT_EXPECTED * hint
        + WEIGHT_PASSAGE * passage_score
        + WEIGHT_FRAGMENT * unit.is_fragment
    )
    return Candidate(
        passage=unit.passage,
        sentence=unit.sentence,
        score=score,
        covered=with_headings,
        passage_covered=source.covered,
        misses_name=source.misses_name,
        misses_exact=source.misses_exact,
    )


def _shares(weights: Mapping[str, float], layers: Sequence[Collection[str]]) -> list[float]:
    """Share of the weights that each layer of forms has together with those before it."""
    total = sum(weights.values())
    if not total:
        return [0.0 for _ in layers]
    first = [
        (weight, next((depth for depth, layer in enumerate(layers) if form in layer), len(layers)))
        for form, weight in weights.items()
    ]
    return [sum(weight for weight, at in first if at <= depth) / total for depth in range(len(layers))]


def _source(question: Asked, passage: Passage, read: _Read) -> _Source:
    file_name = PurePosixPath(passage.source_uri).name
    headings = [word.form for word in words(f"{passage.title}\n{passage.section}\n{file_name}", passage.language)]
    forms = [*headings, *(word.form for _, found in read for word in found)]
    known = frozenset(forms)
    (covered,) = _shares(question.weights, (known,))
    return _Source(
        question, frozenset(headings), covered, not question.names <= known, not meets(question.exact, forms)
    )


def _units(number: int, read: _Read, source: _Source, expected: Expected) -> list[_Unit]:
    units: list[_Unit] = []
    previous: frozenset[str] = frozenset()
    replies_to: frozenset[str] = frozenset()
    replies = 0
    for sentence, found in read:
        forms = frozenset(word.form for word in found)
        told = {word.form for word in found if word.weight > 0}
        # A heading, or an echo of the question, is context for what follows and no answer.
        says_nothing = not sentence.is_closed and told <= source.headings | source.asked.weights.keys()
        if sentence.is_question:
            replies_to, replies = forms, REPLY_SENTENCES
        elif not says_nothing:
            units.append(
                _Unit(
                    passage=number,
                    sentence=sentence,
                    forms=forms,
                    previous=previous,
                    replies_to=replies_to if replies > 0 else frozenset(),
                    is_expected=offers(expected, sentence.text, found, source.asked.weights.keys()),
                    is_fragment=_is_fragment(sentence, found),
                )
            )
            replies -= 1
        previous = forms
    return units


def _is_fragment(sentence: Sentence, found: Sequence[Word]) -> bool:
    has_digits = any(word.kind is not WordKind.WORD for word in found)
    return not sentence.is_closed and not has_digits and len(found) <= FRAGMENT_WORDS
