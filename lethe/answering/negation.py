"""What a sentence denies, and opposites: "is covered" and "is not covered" have every word in common."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from lethe.answering.words import Word, words

_CUES: Final = {
    "en": r"not|no|never|none|nor|neither|without|cannot|nothing|nobody|nowhere|hardly|\w+n['’]t",
    "de": r"nicht|kein\w*|nie|niemals|ohne|weder|nichts|niemand",
    "es": r"no|nunca|sin|ningún\w*|ningun\w*|nada|nadie|tampoco|jamás",
    "fr": r"ne|n['’]|pas|jamais|sans|aucun\w*|rien|personne",
    "ru": r"не|нет|ни|никогда|без|нельзя|никто|ничего",
}
_CUE: Final = {language: re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE) for language, pattern in _CUES.items()}
_NO_CUE: Final = re.compile(r"\bnot (?:only|just|merely)\b|\bno\.\s?\d|\bno (?:more|less|\w+er) than\b", re.IGNORECASE)
_SCOPE: Final = 3
"""Content words after a cue that it denies."""

_TWINS: Final = 0.8

_OPPOSITES: Final = (
    ("allowed allow allows permitted permit permits may", "forbidden forbid prohibited prohibit banned disallowed"),
    ("include includes included including covers covered", "exclude excludes excluded excluding uncovered"),
    ("increase increases increased rose grew higher raised", "decrease decreases decreased fell dropped lower reduced"),
    ("before earlier", "after later"),
    ("more above over exceeds", "less fewer below under"),
    ("maximum most", "minimum least"),
    ("always", "never"),
    ("required mandatory must obligatory", "optional voluntary"),
    ("open opened", "closed shut"),
    ("enable enabled", "disable disabled"),
    ("accept accepted accepts approved", "reject rejected rejects refused declined"),
    ("pass passed succeeded", "fail failed"),
    ("safe", "unsafe dangerous"),
    ("possible", "impossible"),
    ("valid", "invalid"),
    ("free", "chargeable"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Denied:
    """A sentence's denials.

    ``scopes``: for each cue the stems it is about. ``stance``: which sides of which opposites the sentence takes.
    """

    scopes: tuple[frozenset[str], ...]
    stance: frozenset[tuple[int, int]]


def denied(text: str, language: str) -> Denied:
    """The denials of a sentence; only languages with known cues have any."""
    pattern = _CUE.get(language) or _CUE["en"]
    quiet = _NO_CUE.sub(lambda match: " " * len(match.group()), text)
    scopes = tuple(_after(quiet[match.end() :], language) for match in pattern.finditer(quiet))
    forms = set(re.findall(r"[^\W\d_]+", text.casefold()))
    stance = {
        (number, side)
        for number, pair in enumerate(_OPPOSITES)
        for side, listed in enumerate(pair)
        if forms & set(listed.split())
    }
    return Denied(scopes, frozenset(stance))


def _after(text: str, language: str) -> frozenset[str]:
    clause = re.split(r"[.;:,!?]|\b(?:but|and then|sondern|sino|mais|но)\b", text, maxsplit=1)[0]
    return frozenset(content(words(clause, language))[:_SCOPE])


def content(found: Sequence[Word]) -> list[str]:
    """The stems that carry meaning, in order."""
    return [word.form for word in found if word.weight > 0]


def contradicts(claim: Denied, claimed: Collection[str], source: Denied, told: Collection[str]) -> bool:
    """Whether one denies what the other says. ``claimed`` and ``told``: the stems of each."""
    if _denies(claim, source, told) or _denies(source, claim, claimed):
        return True
    if _are_twins(claimed, told) and len(claim.scopes) != len(source.scopes):
        return True
    claim_sides, source_sides = dict(claim.stance), dict(source.stance)
    one_sided = len(claim_sides) == len(claim.stance) and len(source_sides) == len(source.stance)
    if claim.scopes or source.scopes or not one_sided:
        return False
    return any(source_sides.get(pair, side) != side for pair, side in claim.stance)


def _are_twins(claimed: Collection[str], told: Collection[str]) -> bool:
    """Whether two sentences have nearly all words in common, so that one "not" makes all the difference."""
    common = len(set(claimed) & set(told))
    return common >= _TWINS * len(claimed) and common >= _TWINS * len(told)


def _denies(one: Denied, other: Denied, stems: Collection[str]) -> bool:
    """Whether ``one`` denies something that stands in the other and is not denied there."""
    elsewhere = frozenset[str]().union(*other.scopes)
    return any(
        scope and len(scope & set(stems)) * 3 >= len(scope) * 2 and not scope & elsewhere for scope in one.scopes
    )
