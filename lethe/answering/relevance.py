"""How well a sentence answers a question, by its words; what an embedding knows is added by `extractive`."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
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


@dataclass(frozen=True, slots=True)
class _Source:
    """A passage as its sentences see it. ``headings``: of the section, the document's title and its file name."""

    asked: Asked
    headings: frozenset[str]
    forms: frozenset[str]
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


def candidates(question: str, passages: Sequence[Passage]) -> list[Candidate]:
    """The sentences of all passages that tell something, best first by words alone."""
    expected = expected_of(question)
    by_language = {language: asked(question, language) for language in {passage.language for passage in passages}}
    sources = [_source(by_language[passage.language], passage) for passage in passages]
    units = [
        unit for number, passage in enumerate(passages) for unit in _units(number, passage, sources[number], expected)
    ]
    frequency = Counter(form for unit in units for form in unit.forms)
    found: list[Candidate] = []
    for unit in units:
        source = sources[unit.passage]
        # Idf over the candidates: a word that all of them have tells none of them apart, one that none has counts most.
        weights = {
            form: weight * math.log(1 + len(units) / (0.5 + frequency[form]))
            for form, weight in source.asked.weights.items()
        }
        hint = 0.0 if expected is Expected.ANYTHING else 0.5 if unit.is_expected else -0.5
        found.append(_candidate(unit, source, weights, hint, passages[unit.passage].score))
    return sorted(found, key=lambda candidate: (-candidate.score, candidate.passage, candidate.sentence.start))


def _candidate(
    unit: _Unit, source: _Source, weights: Mapping[str, float], hint: float, passage_score: float
) -> Candidate:
    own = _share(weights, unit.forms)
    with_question = _share(weights, unit.forms | unit.replies_to)
    with_previous = _share(weights, unit.forms | unit.replies_to | unit.previous)
    with_headings = _share(weights, unit.forms | unit.replies_to | unit.previous | source.headings)
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
        passage_covered=_share(source.asked.weights, source.forms),
        misses_name=not source.asked.names <= source.forms,
        misses_exact=source.misses_exact,
    )


def _share(weights: Mapping[str, float], forms: frozenset[str]) -> float:
    total = sum(weights.values())
    return sum(weight for form, weight in weights.items() if form in forms) / total if total else 0.0


def _source(question: Asked, passage: Passage) -> _Source:
    file_name = PurePosixPath(passage.source_uri).name
    headings = _forms(f"{passage.title}\n{passage.section}\n{file_name}", passage.language)
    forms = [*headings, *_forms(passage.text, passage.language)]
    return _Source(question, frozenset(headings), frozenset(forms), not meets(question.exact, forms))


def _units(number: int, passage: Passage, source: _Source, expected: Expected) -> list[_Unit]:
    units: list[_Unit] = []
    previous: frozenset[str] = frozenset()
    replies_to: frozenset[str] = frozenset()
    replies = 0
    for sentence in sentences(passage.text, passage.language):
        found = words(sentence.text, passage.language)
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


def _forms(text: str, language: str) -> list[str]:
    return [word.form for word in words(text, language)]
