"""An answer made of sentences of the passages, each cited; or none, when no sentence answers.

Uncited sentences cannot arise: a sentence enters the answer only together with its passage.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lethe.answering.calibration import (
    BY_MODEL,
    BY_WORDS,
    CERTAIN,
    FLOOR,
    HOPELESS,
    MAX_CANDIDATES,
    MAX_SENTENCES,
    SENTENCE_MARGIN,
    SENTENCE_TOKENS,
    WEIGHT_SIMILARITY,
    Relevance,
)
from lethe.answering.relevance import Candidate, candidates
from lethe.model.answers import AnswerMode, DegradedReason
from lethe.ports.embedding import EMBEDDER_FAILURES, Embedder, InputKind, Tokenizer, degraded_by
from lethe.ports.search import Passage


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence of the answer. ``number`` is its citation; ``passage`` an index into the passages given.

    ``start``/``end`` are offsets in code points into that passage's text.
    """

    text: str
    number: int
    passage: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Extract:
    """An extractive answer. ``cited[n - 1]`` is the index of the passage that citation n means."""

    mode: AnswerMode
    sentences: tuple[Quote, ...] = ()
    cited: tuple[int, ...] = ()
    reasons: tuple[DegradedReason, ...] = ()

    @property
    def text(self) -> str:
        """The sentences with their markers."""
        return " ".join(f"{quote.text} [{quote.number}]" for quote in self.sentences)


@dataclass(frozen=True, slots=True)
class _Ranked:
    candidate: Candidate
    similarity: float
    score: float


async def extract(
    question: str,
    passages: Sequence[Passage],
    embedder: Embedder,
    embed_seconds: float = 2.0,
    asked: NDArray[np.float32] | None = None,
) -> Extract:
    """The one to three sentences that answer, best first; no_answer when the best one stays below the floor.

    The model is asked where words leave it open. Without it, or when it takes too long, they decide, and the reason is
    told. ``asked``: the question's vector, shape (dims,), where it is known already.
    """
    by_words = _within_reach(candidates(question, passages)[:MAX_CANDIDATES])
    if not by_words:
        return Extract(AnswerMode.NO_ANSWER)
    reasons: tuple[DegradedReason, ...] = ()
    relevance = BY_WORDS if _is_settled(by_words) else BY_MODEL.get(embedder.spec.model, BY_WORDS)
    similarities = [0.0] * len(by_words)
    if relevance.similarity:
        try:
            async with asyncio.timeout(embed_seconds):
                similarities = await _similarities(question, by_words, embedder, asked)
        except EMBEDDER_FAILURES as error:
            relevance = BY_WORDS
            reasons = (degraded_by(error),)
    ranked = _rank(by_words, similarities)
    if _log_odds(relevance, ranked[0]) < FLOOR:
        return Extract(AnswerMode.NO_ANSWER, reasons=reasons)
    return _quoted(_chosen(ranked), reasons)


def _within_reach(by_words: Sequence[Candidate]) -> list[Candidate]:
    """Those whose meaning could yet bring them into the answer: further behind by words, none was ever better."""
    return [one for one in by_words if one.score >= by_words[0].score - SENTENCE_MARGIN]


def _is_settled(by_words: Sequence[Candidate]) -> bool:
    """Whether words alone tell that there is no answer, or which sentence is it."""
    if all(one.misses_exact for one in by_words):
        return True
    odds = _weighed(BY_WORDS, by_words[0], similarity=0.0)
    return odds <= HOPELESS or (len(by_words) == 1 and odds >= CERTAIN)


async def _similarities(
    question: str, by_words: Sequence[Candidate], embedder: Embedder, asked: NDArray[np.float32] | None
) -> list[float]:
    """The cosine of each candidate's sentence and the question."""
    texts = [_beginning(candidate.sentence.text, embedder.tokenizer) for candidate in by_words]
    wanted = (await embedder.embed([question], InputKind.QUERY))[0] if asked is None else asked
    distinct = list(dict.fromkeys(texts))  # chunks that overlap have a sentence both
    told = dict(zip(distinct, await embedder.embed(distinct, InputKind.DOCUMENT) @ wanted, strict=True))
    return [float(told[text]) for text in texts]


def _beginning(text: str, tokenizer: Tokenizer) -> str:
    """As much of a long sentence (a wide table row) as is compared."""
    most = min(SENTENCE_TOKENS, tokenizer.max_tokens)
    if len(text) <= most:
        return text
    offsets = tokenizer.offsets(text)
    return text if len(offsets) <= most else text[: offsets[most - 1][1]]


def _rank(by_words: Sequence[Candidate], similarities: Sequence[float]) -> list[_Ranked]:
    """Best first; equal ones in the order of the passages."""
    ranked = [
        _Ranked(candidate, similarity, candidate.score + WEIGHT_SIMILARITY * similarity)
        for candidate, similarity in zip(by_words, similarities, strict=True)
    ]
    return sorted(ranked, key=lambda one: (-one.score, one.candidate.passage, one.candidate.sentence.start))


def _chosen(ranked: Sequence[_Ranked]) -> list[Candidate]:
    """The best ones near enough to the very best. Overlapping chunks repeat a sentence; an answer does not."""
    chosen: dict[str, Candidate] = {}
    for one in ranked:
        if len(chosen) == MAX_SENTENCES or one.score < ranked[0].score - SENTENCE_MARGIN:
            break
        chosen.setdefault(" ".join(one.candidate.sentence.text.casefold().split()), one.candidate)
    return list(chosen.values())


def _log_odds(relevance: Relevance, best: _Ranked) -> float:
    """How sure it is that the best sentence answers; a number or identifier met nowhere rules it out."""
    if best.candidate.misses_exact:
        return float("-inf")
    return _weighed(relevance, best.candidate, similarity=best.similarity)


def _weighed(relevance: Relevance, candidate: Candidate, *, similarity: float) -> float:
    return (
        relevance.covered * candidate.covered
        + relevance.passage_covered * candidate.passage_covered
        + relevance.similarity * similarity
        + relevance.misses_name * candidate.misses_name
        + relevance.offset
    )


def _quoted(chosen: Sequence[Candidate], reasons: tuple[DegradedReason, ...]) -> Extract:
    numbers: dict[int, int] = {}
    quotes: list[Quote] = []
    for candidate in chosen:
        number = numbers.setdefault(candidate.passage, len(numbers) + 1)
        sentence = candidate.sentence
        quotes.append(Quote(sentence.text, number, candidate.passage, sentence.start, sentence.end))
    return Extract(AnswerMode.EXTRACTIVE, tuple(quotes), tuple(numbers), reasons)
