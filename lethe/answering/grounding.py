"""Whether an answer's sentences say what the passages they cite say. Pure: no model, no network.

What must occur in what is cited: numbers, dates, identifiers, names. What must agree: negation. What adds up: words in
common and, where it was computed, the likeness of the meanings.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from lethe.answering.negation import Denied, contradicts, denied
from lethe.answering.quantities import Figures, figures
from lethe.answering.sentences import sentences
from lethe.answering.words import Word, WordKind, words

_NEAR_BEST: Final = 0.6
"""A sentence supports a claim too if it has this share of the words that the best one has in common with it."""
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
    """A sentence taken apart. ``stems``: content words without numbers; ``exact``: identifiers."""

    stems: frozenset[str]
    forms: frozenset[str]
    exact: frozenset[str]
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
    supporting = _supporting(claim, told, around)
    everything = around.forms.union(*(one.forms for one in told))
    flaws: list[Flaw] = []
    if not _has_figures(claim.figures, [one.figures for one in (*supporting, around)]) or not claim.exact <= everything:
        flaws.append(Flaw.NUMBER)
    if not _names(text, source.language) <= everything:
        flaws.append(Flaw.NAME)
    if supporting and all(contradicts(claim.denied, claim.forms, one.denied, one.forms) for one in supporting[:2]):
        flaws.append(Flaw.NEGATION)
    near = around.forms.union(*(one.forms for one in supporting))
    score = _BY_SENTENCE * _share(claim.stems, near) + (1 - _BY_SENTENCE) * _share(claim.stems, everything)
    score = max(score, _by_meaning(similarity))
    if score < _UNRELATED:
        flaws.append(Flaw.UNRELATED)
    return ClaimCheck(round(min([score, *(_CEILING[flaw] for flaw in flaws)]), 4), tuple(flaws))


def _supporting(claim: _Said, told: Sequence[_Said], around: _Said) -> list[_Said]:
    """The sentences that have most of the claim's words, best first. What the headings say tells none apart."""
    wanted = claim.stems - around.forms or claim.stems
    shares = [(_share(wanted, one.forms), one) for one in told]
    best = max((share for share, _ in shares), default=0.0)
    ranked = sorted(shares, key=lambda pair: -pair[0])
    return [one for share, one in ranked if share > 0 and share >= _NEAR_BEST * best]


def _said(text: str, language: str, *, claimed: bool) -> _Said:
    found = words(text, language)
    return _Said(
        stems=frozenset(word.form for word in found if word.kind is WordKind.WORD and word.weight > 0),
        forms=frozenset(word.form for word in found),
        exact=frozenset(word.form for word in found if word.kind is WordKind.IDENTIFIER),
        figures=figures(text, language, claimed=claimed),
        denied=denied(text, language),
    )


def _names(text: str, language: str) -> frozenset[str]:
    """Capitalised words inside the sentence; not where every noun is capitalised."""
    if language in _CAPITALISES_NOUNS:
        return frozenset()
    return frozenset(word.form for word in words(text, language)[1:] if _is_name(word))


def _is_name(word: Word) -> bool:
    return word.kind is WordKind.WORD and word.is_capitalised and word.weight == 1


def _has_figures(claimed: Figures, told: Sequence[Figures]) -> bool:
    quantities = [quantity for one in told for quantity in one.quantities]
    dates = [date for one in told for date in one.dates]
    return all(any(mine.agrees(its) for its in quantities) for mine in claimed.quantities) and all(
        any(mine.agrees(its) for mine in readings for date in dates for its in date) for readings in claimed.dates
    )


def _share(wanted: frozenset[str], there: frozenset[str]) -> float:
    return len(wanted & there) / len(wanted) if wanted else 1.0


def _by_meaning(similarity: float | None) -> float:
    """A cosine on the scale of the words' score: paraphrases of a sentence are at 0.75 and more, neighbours at 0.5."""
    return 0.0 if similarity is None else max(0.0, min(1.0, (similarity - 0.4) / 0.5))
