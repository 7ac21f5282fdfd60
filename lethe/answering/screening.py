"""What answering does with suspicion: which passages a language model is shown, which questions it is asked."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lethe.answering.attack_bank import AttackBank
from lethe.guards.injection import Suspicion, suspect_passage, suspect_question
from lethe.ports.search import Passage


@dataclass(frozen=True, slots=True)
class Screened:
    """Passages for the model, in their order; those ``withheld`` from it may still be shown to the one who asked."""

    shown: tuple[Passage, ...]
    withheld: tuple[Passage, ...]


async def question_score(
    text: str, bank: AttackBank | None = None, vector: NDArray[np.float32] | None = None
) -> Suspicion:
    """How much a question looks like an attack, by rules and, with a bank, by likeness to known ones."""
    return suspect_question(text, await bank.likeness(text, vector) if bank is not None else 0.0)


def screen(passages: Sequence[Passage], threshold: float) -> Screened:
    """Keep from the model what scores ``threshold`` or more: by today's rules, or by those it was ingested under."""
    scores = [max(passage.suspicion, _score(passage)) for passage in passages]
    return Screened(
        shown=tuple(one for one, score in zip(passages, scores, strict=True) if score < threshold),
        withheld=tuple(one for one, score in zip(passages, scores, strict=True) if score >= threshold),
    )


def _score(passage: Passage) -> float:
    return suspect_passage(f"{passage.title}\n{passage.section}\n{passage.text}").score
