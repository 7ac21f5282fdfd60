"""How much a text looks like an attack on a language model: 0..1, by rules that cost less than a millisecond."""

from dataclasses import dataclass

from lethe.guards.rules import RULES, Rule, Sign
from lethe.guards.text import comparable, has_hidden_text

_HIDDEN_IN_QUESTION = 0.6
_HIDDEN_IN_PASSAGE = 0.7


@dataclass(frozen=True, slots=True)
class Suspicion:
    """``score`` 0 (nothing) .. 1; ``signs``: why, without a word of the text, sorted."""

    score: float = 0.0
    signs: tuple[Sign, ...] = ()


def suspect_question(text: str, likeness: float = 0.0) -> Suspicion:
    """How much what a person asks looks like an attack. ``likeness``: to known ones (0..1), where it was asked for."""
    found = [(rule.sign, rule.in_question) for rule in _matching(comparable(text)) if rule.in_question]
    if has_hidden_text(text):
        found.append((Sign.HIDDEN, _HIDDEN_IN_QUESTION))
    if likeness > 0:
        found.append((Sign.KNOWN, likeness))
    return _suspicion(found)


def suspect_passage(text: str) -> Suspicion:
    """How much a document's text looks like one: it has no business to speak to whoever answers from it."""
    found = [(rule.sign, rule.in_passage) for rule in _matching(comparable(text))]
    if has_hidden_text(text):
        found.append((Sign.HIDDEN, _HIDDEN_IN_PASSAGE))
    return _suspicion(found)


def _matching(text: str) -> list[Rule]:
    return [rule for rule in RULES if any(hint in text for hint in rule.hints) and rule.pattern.search(text)]


def _suspicion(found: list[tuple[Sign, float]]) -> Suspicion:
    """Independent signs add up (noisy or); two rules of one sign are one."""
    strongest: dict[Sign, float] = {}
    for sign, weight in found:
        strongest[sign] = max(weight, strongest.get(sign, 0.0))
    doubt = 1.0
    for weight in strongest.values():
        doubt *= 1.0 - weight
    return Suspicion(round(1.0 - doubt, 4), tuple(sorted(strongest)))
