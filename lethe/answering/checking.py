"""Whether a model's answer may stand: it is held against the passages it cites."""

from collections.abc import Iterable

from lethe.answering.body import AnswerBody
from lethe.answering.grounding import Claim, Groundedness, Source, Verdict, check, judge
from lethe.model.answers import Citation
from lethe.ports.search import Passage
from lethe.settings import BelowThreshold, GroundingSettings


def check_body(
    body: AnswerBody,
    citations: Iterable[Citation],
    passages: Iterable[Passage],
    question: str,
    settings: GroundingSettings,
) -> tuple[Groundedness, Verdict]:
    """How far the answer's sentences say what their sources say, and what is done with it."""
    by_chunk = {passage.chunk_id: passage for passage in passages}
    sources = {cited.number: _source(by_chunk[cited.chunk_id]) for cited in citations if cited.chunk_id in by_chunk}
    claims = [Claim(sentence.text, sentence.numbers) for sentence in body.sentences]
    groundedness = check(claims, sources, question=question, threshold=settings.threshold)
    return groundedness, judge(groundedness, replace=settings.below is BelowThreshold.PASSAGES)


def _source(passage: Passage) -> Source:
    return Source(passage.text, f"{passage.title}\n{passage.section}", passage.language)
