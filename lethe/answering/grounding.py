"""Whether an answer's sentences say what the passages they cite say. Pure: no model, no network.

What must occur in what is cited: numbers, dates, identifiers, names. What must agree: negation. What adds up: words in
common and, where it was computed, the likeness of the meanings.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final

from lethe.answering.expected import is_date_word
from lethe.answering.negation import Denied, contradicts, denied
from lethe.answering.quantities import LABEL, Figures, Quantity, figures, is_unit
from lethe.answering.sentences import sentences
from lethe.answering.words import Word, WordKind, words

_NEAR_BEST: Final = 0.6
"""A sentence supports a claim too if it has this share of the words that the best one has in common with it."""
_SAME: Final = 0.9
"""With this share of the best's it may be the very sentence that the claim is made from."""
_FOUND: Final = 0.5
"""A sentence with this share of the claim's words is what the claim is about."""
_BY_SENTENCE: Final = 0.7
"""Weight of the supporting sentences; the rest is the whole passage's."""
_UNRELATED: Final = 0.35
_CAPITALISES_NOUNS: Final = frozenset({"de", "lb"})


class Flaw(StrEnum):
    """Why a sentence is not supported; never quotes it."""

    UNCITED = "uncited"
    NUMBER = "number"
    NAME = "name"
    NEGATION = "negation"
    UNRELATED = "unrelated"


_CEILING: Final[Mapping[Flaw, float]] = {
    Flaw.UNCITED: 0.0,
    Flaw.NUMBER: 0.2,
    Flaw.NAME: 0.4,
    Flaw.NEGATION: 0.25,
    Flaw.UNRELATED: 0.3,
}
"""What a claim with this flaw scores at most, however much else agrees."""


class Verdict(StrEnum):
    """What is done with an answer."""

    ACCEPT = "accept"
    FLAG = "flag"
    PASSAGES = "passages"


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence of an answer without its markers, and the numbers of the passages it cites."""

    text: str
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A passage as a claim is held against it; ``headings``: what stands above it (title, section)."""

    text: str
    headings: str = ""
    language: str = "en"


@dataclass(frozen=True, slots=True)
class ClaimCheck:
    """``score`` 0 (says something else) .. 1 (says what its passages say)."""

    score: float
    flaws: tuple[Flaw, ...] = ()


@dataclass(frozen=True, slots=True)
class Groundedness:
    """An answer scores the mean of its claims. ``unsupported``: places of those below the threshold."""

    score: float
    claims: tuple[ClaimCheck, ...]
    unsupported: tuple[int, ...]

    @property
    def flaws(self) -> tuple[Flaw, ...]:
        """All kinds of flaws found."""
        return tuple(sorted({flaw for claim in self.claims for flaw in claim.flaws}))


@dataclass(frozen=True, slots=True)
class _Said:
    """A sentence taken apart. ``stems``: content words without numbers; ``exact``: identifiers.

    ``numbered``: a name and the number after it ("Heron 3"), for all that comes in numbers.
    """

    stems: frozenset[str]
    forms: frozenset[str]
    exact: frozenset[str]
    numbered: frozenset[tuple[str, str]]
    figures: Figures
    denied: Denied


def check(
    claims: Sequence[Claim],
    passages: Mapping[int, Source],
    *,
    question: str = "",
    similarities: Sequence[float] = (),
    threshold: float = 0.5,
) -> Groundedness:
    """Hold each claim against the passages it cites. No claims at all score 1: nothing was said.

    ``similarities``: for each claim the best cosine of it and a sentence it cites; empty: not computed.
    What the ``question`` says may be repeated.
    """
    found = tuple(
        _checked(claim, [passages[number] for number in claim.citations if number in passages], question, similarity)
        for claim, similarity in zip(claims, similarities or [None] * len(claims), strict=True)
    )
    score = sum(one.score for one in found) / len(found) if found else 1.0
    return Groundedness(
        score=round(score, 4),
        claims=found,
        unsupported=tuple(place for place, one in enumerate(found) if one.score < threshold),
    )


def judge(groundedness: Groundedness, *, replace: bool) -> Verdict:
    """An answer with an unsupported sentence is flagged or, with ``replace``, gives way to the passages."""
    if not groundedness.unsupported:
        return Verdict.ACCEPT
    return Verdict.PASSAGES if replace else Verdict.FLAG


def _checked(claim: Claim, cited: Sequence[Source], question: str, similarity: float | None) -> ClaimCheck:
    if not cited:
        return ClaimCheck(0.0, (Flaw.UNCITED,))
    checks = [_against(claim.text, source, question, similarity) for source in cited]
    if len(cited) > 1:
        # A sentence may join what several passages say.
        joined = Source(
            "\n\n".join(source.text for source in cited), "\n".join(one.headings for one in cited), cited[0].language
        )
        checks.append(_against(claim.text, joined, question, similarity))
    return max(checks, key=lambda one: one.score)


def _against(text: str, source: Source, question: str, similarity: float | None) -> ClaimCheck:
    claim = _said(text, source.language, claimed=True)
    told = [_said(one.text, source.language, claimed=False) for one in sentences(source.text, source.language)]
    around = _said(f"{source.headings}\n{question}", source.language, claimed=False)
    supporting, likeliest = _supporting(claim, told, around)
    everything = around.forms.union(*(one.forms for one in told))
    flaws: list[Flaw] = []
    # Where no sentence has much of the claim's words, nobody can say which one it is from.
    proving = supporting if _is_found(claim, supporting, around) else told
    headings = figures(source.headings, source.language, claimed=False)
    asked = figures(question, source.language, claimed=False)
    has_figures = _has_figures(claim.figures, [*(one.figures for one in proving), headings], asked)
    if not (has_figures and claim.exact <= everything and _has_numbered(claim, (*supporting, around), told)):
        flaws.append(Flaw.NUMBER)
    if not _names(text, source.language) <= everything:
        flaws.append(Flaw.NAME)
    if likeliest and all(contradicts(claim.denied, claim.forms, one.denied, one.forms) for one in likeliest):
        flaws.append(Flaw.NEGATION)
    near = around.forms.union(*(one.forms for one in supporting))
    score = _BY_SENTENCE * _share(claim.stems, near) + (1 - _BY_SENTENCE) * _share(claim.stems, everything)
    score = max(score, _by_meaning(similarity))
    if score < _UNRELATED:
        flaws.append(Flaw.UNRELATED)
    return ClaimCheck(round(min([score, *(_CEILING[flaw] for flaw in flaws)]), 4), tuple(flaws))


def _supporting(claim: _Said, told: Sequence[_Said], around: _Said) -> tuple[list[_Said], list[_Said]]:
    """The sentences that have most of the claim's words, best first, and those that may be the very one it is from.

    What the headings say tells no sentence from another.
    """
    wanted = claim.stems - around.forms or claim.stems
    shares = sorted(((_share(wanted, one.forms), one) for one in told), key=lambda pair: -pair[0])
    best = shares[0][0] if shares else 0.0
    near = [(share, one) for share, one in shares if share > 0 and share >= _NEAR_BEST * best]
    return [one for _, one in near], [one for share, one in near if share >= _SAME * best]


def _is_found(claim: _Said, supporting: Sequence[_Said], around: _Said) -> bool:
    wanted = claim.stems - around.forms or claim.stems
    return bool(supporting) and _share(wanted, supporting[0].forms) >= _FOUND


def _said(text: str, language: str, *, claimed: bool) -> _Said:
    found = words(text, language)
    return _Said(
        stems=frozenset(word.form for word in found if word.kind is WordKind.WORD and word.weight > 0),
        forms=frozenset(word.form for word in found),
        exact=frozenset(word.form for word in found if word.kind is WordKind.IDENTIFIER),
        numbered=frozenset(
            (word.form, number.form)
            for word, number in pairwise(found)
            if number.kind is WordKind.NUMBER and _is_numbered(word)
        ),
        figures=figures(text, language, claimed=claimed),
        denied=denied(text, language),
    )


def _names(text: str, language: str) -> frozenset[str]:
    """Capitalised words inside the sentence; not where every noun is capitalised."""
    if language in _CAPITALISES_NOUNS:
        return frozenset()
    return frozenset(word.form for word in words(text, language)[1:] if _is_name(word) and not is_unit(word.form))


def _is_name(word: Word) -> bool:
    return word.kind is WordKind.WORD and word.is_capitalised and word.weight == 1


def _is_numbered(word: Word) -> bool:
    return _is_name(word) and not is_date_word(word.form) and not is_unit(word.form)


def _has_numbered(claim: _Said, near: Sequence[_Said], told: Sequence[_Said]) -> bool:
    """Whether each numbered name stands so near by; where none of that name does, anywhere in the passage."""
    return all(
        pair in _pairs(near, pair[0]) or (not _pairs(near, pair[0]) and pair in (_pairs(told, pair[0]) or {pair}))
        for pair in claim.numbered
    )


def _pairs(said: Sequence[_Said], name: str) -> set[tuple[str, str]]:
    return {pair for one in said for pair in one.numbered if pair[0] == name}


def _has_figures(claimed: Figures, told: Sequence[Figures], asked: Figures) -> bool:
    """``asked``: of the question, whose figures may be repeated but take no unit that they have not there."""
    quantities = [quantity for one in told for quantity in one.quantities]
    dates = [date for one in (*told, asked) for readings in one.dates for date in readings]
    undimensioned = [quantity for quantity in (*quantities, *asked.quantities) if not quantity.dimension]
    years = {value for quantity in undimensioned for value in quantity.values}
    return all(
        any(mine.agrees(its) for its in quantities) or any(_repeats(mine, its) for its in asked.quantities)
        for mine in claimed.quantities
    ) and all(
        any(mine.follows_from(its) and (not mine.year or mine.year in years) for mine in readings for its in dates)
        for readings in claimed.dates
    )


def _repeats(mine: Quantity, asked: Quantity) -> bool:
    return mine.dimension in {"", LABEL, asked.dimension} and mine.agrees(asked)


def _share(wanted: frozenset[str], there: frozenset[str]) -> float:
    return len(wanted & there) / len(wanted) if wanted else 1.0


def _by_meaning(similarity: float | None) -> float:
    """A cosine on the scale of the words' score: paraphrases of a sentence are at 0.75 and more, neighbours at 0.5."""
    return 0.0 if similarity is None else max(0.0, min(1.0, (similarity - 0.4) / 0.5))
