"""Whether a model's answer may stand: it is held against the passages it cites."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from lethe.answering.body import AnswerBody
from lethe.answering.chain import Chain
from lethe.answering.grounding import Claim, Groundedness, Source, Verdict, check, judge
from lethe.answering.judging import judge_version, judged
from lethe.answering.meaning import ground
from lethe.model.answers import Citation
from lethe.model.processors import Origin
from lethe.ports.chat import ChatDelta, ChatModel, ChatRequest
from lethe.ports.embedding import Embedder
from lethe.ports.search import Passage
from lethe.settings import BelowThreshold


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of it. ``judge``: the model whose verdict counts, ``judge_prompt`` what it was told; else empty."""

    groundedness: Groundedness
    verdict: Verdict
    judge: str = ""
    judge_prompt: str = ""


@dataclass(frozen=True, slots=True)
class Begun:
    """A comparison by rules and by meaning, made ahead: ``found`` is of these claims and sources, and of no others."""

    claims: Sequence[Claim]
    sources: Mapping[int, Source]
    found: asyncio.Task[Groundedness]

    async def of(self, claims: Sequence[Claim], sources: Mapping[int, Source]) -> Groundedness | None:
        """What was found of just these; None where it came to nothing. Whoever stops waiting stops nobody else."""
        if (self.claims, self.sources) != (claims, sources):
            return None
        await asyncio.wait({self.found})
        return None if self.found.cancelled() or self.found.exception() is not None else self.found.result()


@dataclass(frozen=True, slots=True)
class Checker:
    """Holds answers against their sources as the settings say. ``seconds``: what there is time for, at most."""

    chain: Chain
    embedder: Embedder
    origin: Origin
    question: str
    seconds: float

    def begin(self, body: AnswerBody, citations: Iterable[Citation], passages: Iterable[Passage]) -> Begun:
        """What `check` asks nobody outside for, while the answer is on its way to it."""
        claims, sources = _claims(body), _sources(citations, passages)
        found = asyncio.create_task(self._compared(claims, sources))
        # Where nobody comes for it nobody else asks what it raised.
        found.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        return Begun(claims, sources, found)

    async def check(
        self,
        body: AnswerBody,
        citations: Iterable[Citation],
        passages: Iterable[Passage],
        begun: Begun | None = None,
    ) -> Checked:
        """How far the answer's sentences say what their sources say, and what is done with it."""
        settings = self.chain.grounding
        claims, sources = _claims(body), _sources(citations, passages)
        known = await begun.of(claims, sources) if begun is not None else None
        found = known or await self._compared(claims, sources)
        link = self.chain.link(settings.judge) if settings.judge else None
        if link is not None and self.seconds > 0:
            seconds = min(settings.judge_seconds, self.seconds)
            model = _OnBehalf(link.model, self.origin)
            said = await judged(found, claims, sources, model, threshold=settings.threshold, seconds=seconds)
            if said is not None:
                return Checked(said, self._verdict(said), link.name, judge_version())
        return Checked(found, self._verdict(found))

    async def _compared(self, claims: Sequence[Claim], sources: Mapping[int, Source]) -> Groundedness:
        settings = self.chain.grounding
        if settings.meaning:
            return await ground(claims, sources, self.embedder, question=self.question, threshold=settings.threshold)
        return check(claims, sources, question=self.question, threshold=settings.threshold)

    def _verdict(self, found: Groundedness) -> Verdict:
        return judge(found, replace=self.chain.grounding.below is BelowThreshold.PASSAGES)


@dataclass(frozen=True, slots=True)
class _OnBehalf:
    """A ChatModel whose every request has the same origin, for code that knows neither tenants nor questions."""

    inner: ChatModel
    origin: Origin

    @property
    def provider(self) -> str:
        return self.inner.provider

    @property
    def model(self) -> str:
        return self.inner.model

    def stream(self, request: ChatRequest) -> AsyncGenerator[ChatDelta]:
        return self.inner.stream(replace(request, origin=self.origin))


def _claims(body: AnswerBody) -> list[Claim]:
    return [Claim(sentence.text, sentence.numbers) for sentence in body.sentences]


def _sources(citations: Iterable[Citation], passages: Iterable[Passage]) -> dict[int, Source]:
    by_chunk = {passage.chunk_id: passage for passage in passages}
    return {cited.number: _source(by_chunk[cited.chunk_id]) for cited in citations if cited.chunk_id in by_chunk}


def _source(passage: Passage) -> Source:
    return Source(passage.text, f"{passage.title}\n{passage.section}", passage.language)
