"""Groundedness with what an embedding knows: for sentences that have too few words in common with their passages."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from lethe.answering.grounding import Claim, Flaw, Groundedness, Source, check
from lethe.answering.sentences import Sentence, sentences
from lethe.ports.embedding import EMBEDDER_FAILURES, Embedder, InputKind

MAX_SENTENCES: Final = 16
"""Sentences of the passages that are embedded for an answer, 3 to 8 ms each on two cores."""
CALIBRATED: Final = frozenset({"all-MiniLM-L6-v2-int8"})
"""Cosines of different models are on different scales: a model that is not here is not asked."""


async def ground(
    claims: Sequence[Claim],
    passages: Mapping[int, Source],
    embedder: Embedder,
    *,
    question: str = "",
    threshold: float = 0.5,
    seconds: float = 1.0,
) -> Groundedness:
    """`check`; and once more with cosines where a sentence is only said in other words. Never fails.

    A wrong number, name or negation stays one, however alike the meanings are.
    """
    by_words = check(claims, passages, question=question, threshold=threshold)
    doubtful = [place for place in by_words.unsupported if set(by_words.claims[place].flaws) <= {Flaw.UNRELATED}]
    if not doubtful or embedder.spec.model not in CALIBRATED:
        return by_words
    try:
        async with asyncio.timeout(seconds):
            nearest = await _nearest([claims[place] for place in doubtful], passages, embedder)
    except EMBEDDER_FAILURES:
        return by_words
    cosines = dict(zip(doubtful, nearest, strict=True))
    known = [cosines.get(place, -1.0) for place in range(len(claims))]
    return check(claims, passages, question=question, similarities=known, threshold=threshold)


async def _nearest(claims: Sequence[Claim], passages: Mapping[int, Source], embedder: Embedder) -> list[float]:
    """For each claim the greatest cosine of it and a sentence that it cites."""
    cited = {number for claim in claims for number in claim.citations if number in passages}
    told = [(number, one.text) for number in sorted(cited) for one in _sentences(passages[number])][:MAX_SENTENCES]
    vectors = await embedder.embed([*(claim.text for claim in claims), *(text for _, text in told)], InputKind.DOCUMENT)
    cosines = vectors[: len(claims)] @ vectors[len(claims) :].T
    found: list[float] = []
    for claim, row in zip(claims, cosines, strict=True):
        mine = np.array([number in claim.citations for number, _ in told], dtype=bool)
        found.append(float(row[mine].max()) if mine.any() else -1.0)
    return found


def _sentences(source: Source) -> list[Sentence]:
    return [one for one in sentences(source.text, source.language) if not one.is_question]
