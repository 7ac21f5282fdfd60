"""A model's words made an answer: each sentence with the passages it comes from, or left out."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from lethe.answering.body import AnswerSentence
from lethe.answering.citation_markers import Markers
from lethe.answering.sentences import Sentence, sentences
from lethe.answering.words import Word, WordKind, words
from lethe.ports.search import Passage

MATCH: Final = 0.7
"""Share of an uncited sentence's content words that a passage must have to become its source."""
MATCH_WORDS: Final = 2
"""Content words below which nothing is matched."""
_LABEL_WORDS: Final = 4
"""An uncited line of at most so many content words that ends in no full stop is a heading, not a statement."""

_MARKER: Final = re.compile(r"\s*\[(\d+)\]")
_BEHIND_STOP: Final = re.compile(r"([.!?。！？]+[\"'”’)\]*_]*)(\s*(?:\[\d+\]\s*)+)")
_SPACE_BEFORE: Final = re.compile(r"\s+([.,;:!?])")
_BULLET: Final = re.compile(r"^\s*(?:[-*+•–]|\d{1,2}[.)])\s+")


@dataclass(frozen=True, slots=True)
class Cited:
    """``sources[n - 1]`` is the shown number of citation n. ``matched``: sentences that were given a source;
    ``dropped``: statements that had none and found none.
    """

    sentences: tuple[AnswerSentence, ...]
    sources: tuple[int, ...]
    matched: int
    dropped: int


@dataclass(frozen=True, slots=True)
class _Source:
    """A shown passage, its sentences' words looked up."""

    passage: Passage
    sentences: tuple[tuple[Sentence, frozenset[str]], ...]
    forms: frozenset[str]

    @classmethod
    def of(cls, passage: Passage) -> "_Source":
        told = tuple(
            (sentence, _forms(words(sentence.text, passage.language)))
            for sentence in sentences(passage.text, passage.language)
        )
        headings = _forms(words(f"{passage.title}\n{passage.section}", passage.language))
        return cls(passage, told, headings.union(*(forms for _, forms in told)))

    def place_of(self, found: Sequence[Word]) -> tuple[int, int]:
        """The sentence of the passage that shares most with these words."""
        if not self.sentences:
            return 0, len(self.passage.text)
        best, _ = max(self.sentences, key=lambda one: _share(found, one[1]))
        return best.start, best.end


def cite(text: str, markers: Markers, shown: Mapping[int, Passage], language: str, *, is_cut: bool = False) -> Cited:
    """The text's sentences with their sources. Of a text that ``is_cut`` the last one counts only if it is closed.

    ``text`` went through the ``markers``; ``shown`` are the passages by the numbers they were shown under.
    """

    @cache
    def source(number: int) -> _Source:
        return _Source.of(shown[number])

    kept: list[AnswerSentence] = []
    matched = dropped = 0
    found = sentences(_markers_inside(text), language)
    for sentence in found[:-1] if is_cut and found and not found[-1].is_closed else found:
        said, numbers = _taken_apart(sentence.text)
        if not numbers:
            match = _matching(said, {number: source(number) for number in shown})
            if match is None:
                dropped += _is_statement(said, language)
                continue
            numbers, matched = [markers.number_of(match)], matched + 1
        cited = source(markers.order[numbers[0] - 1])
        start, end = cited.place_of(words(said, cited.passage.language))
        others = tuple(numbers[1:])
        kept.append(AnswerSentence(text=said, citation=numbers[0], start=start, end=end, others=others))
    return Cited(*_numbered_anew(kept, markers.order), matched, dropped)


def _markers_inside(text: str) -> str:
    """`One. [1] Two.` as `One [1]. Two.`, so that a sentence keeps its marker."""
    return _BEHIND_STOP.sub(lambda match: f" {match[2].strip()}{match[1]} ", text)


def _taken_apart(text: str) -> tuple[str, list[int]]:
    """What a sentence says, and the numbers of its markers."""
    numbers = list(dict.fromkeys(int(number) for number in _MARKER.findall(text)))
    said = _BULLET.sub("", _SPACE_BEFORE.sub(r"\1", _MARKER.sub("", text)))
    return " ".join(said.split()), numbers


def _matching(said: str, sources: Mapping[int, _Source]) -> int | None:
    """The shown passage that has most of the sentence's words and all of its numbers and identifiers."""
    shares: dict[int, float] = {}
    for number, source in sources.items():
        found = words(said, source.passage.language)
        content = [word for word in found if word.weight == 1]
        exact = {word.form for word in found if word.kind is not WordKind.WORD}
        if len(content) >= MATCH_WORDS and exact <= source.forms:
            shares[number] = _share(found, source.forms)
    best = max(shares, key=lambda number: shares[number], default=None)
    return best if best is not None and shares[best] >= MATCH else None


def _is_statement(said: str, language: str) -> bool:
    """Whether it says something that would need a source: not a question back, a heading, or a phrase."""
    sentence = Sentence(said, 0, len(said))
    content = [word for word in words(said, language) if word.weight == 1]
    is_label = not sentence.is_closed or said.endswith(":")
    return bool(content) and not sentence.is_question and not (is_label and len(content) <= _LABEL_WORDS)


def _numbered_anew(
    kept: Sequence[AnswerSentence], order: Sequence[int]
) -> tuple[tuple[AnswerSentence, ...], tuple[int, ...]]:
    """Without the numbers of sources that no kept sentence has."""
    used = sorted({number for sentence in kept for number in sentence.numbers})
    new = {number: place for place, number in enumerate(used, start=1)}
    renumbered = tuple(
        sentence.model_copy(
            update={"citation": new[sentence.citation], "others": tuple(new[other] for other in sentence.others)}
        )
        for sentence in kept
    )
    return renumbered, tuple(order[number - 1] for number in used)


def _share(found: Sequence[Word], forms: frozenset[str]) -> float:
    total = sum(word.weight for word in found)
    return sum(word.weight for word in found if word.form in forms) / total if total else 0.0


def _forms(found: Sequence[Word]) -> frozenset[str]:
    return frozenset(word.form for word in found)
