"""A stored answer as its asker may read it now."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from lethe.answering.body import AnswerBody
from lethe.answering.citations import keep_sources
from lethe.answering.deps import Answering
from lethe.answering.traces import open_trace
from lethe.answering.under_way import Settled
from lethe.errors import QuestionNotFound
from lethe.model.answers import Answer, AnswerMode, DegradedReason, Provenance, Question, QuestionState
from lethe.model.ids import Id
from lethe.model.principals import Caller
from lethe.model.traces import Trace
from lethe.ports.ledger import UnitOfWork
from lethe.ports.search import LookedAgain, Passage
from lethe.privacy.erasure.needles import open_needles, standing_needles


@dataclass(frozen=True, slots=True)
class CitationView:
    """A cited passage, opened. ``quotes``: the answer's sentences that come from it, in order.

    ``is_overdue``: as of its passage (lethe.ports.search).
    """

    number: int
    chunk_id: Id
    version_id: Id
    document_id: Id
    title: str
    source_uri: str
    place: str
    score: float
    text: str
    text_hmac: str
    quotes: tuple[str, ...]
    is_overdue: bool = False


@dataclass(frozen=True, slots=True)
class AnswerView:
    """A question and its answer. ``mode`` and ``provenance`` are None until the final answer is stored.

    ``cached_at``: when the answer was made, if that was for an earlier question.
    """

    question_id: Id
    state: QuestionState
    created_at: datetime
    mode: AnswerMode | None = None
    text: str = ""
    citations: tuple[CitationView, ...] = ()
    is_degraded: bool = False
    degraded_reasons: tuple[DegradedReason, ...] = ()
    provenance: Provenance | None = None
    cached_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A question's final answer, and what the ledger says of its sources, as of one unit. Not opened yet."""

    question: Question
    answer: Answer
    looked: LookedAgain


async def look_at(deps: Answering, uow: UnitOfWork, question: Question) -> Kept | None:
    """The question's answer in a unit; None until it is final."""
    answer = await uow.questions.answer(question.tenant_id, question.answered_by or question.id)
    if answer is None or not answer.is_final:
        return None
    scores = {each.chunk_id: each.score for each in answer.citations}
    readers = frozenset(question.readers)
    looked = await deps.search.look_again(uow, question.tenant_id, scores, seq=question.seq, readers=readers)
    return Kept(question, answer, looked)


async def present(deps: Answering, caller: Caller, question_id: Id) -> AnswerView:
    """The caller's own question with what it may still read of the answer: withdrawn sources are withheld.

    Raises QuestionNotFound also for another principal's question, KeyDestroyed for an erased one.
    """
    async with deps.ledger.read() as uow:
        question = await uow.questions.get(caller.tenant_id, question_id)
        if question is None or question.principal_id != caller.principal_id:
            raise QuestionNotFound
        # Rights are those of now, not those the question was asked with.
        kept = await look_at(deps, uow, replace(question, readers=tuple(caller.readers)))
    if kept is None:
        return AnswerView(question_id, question.state, question.created_at)
    return await open_view(deps, kept)


async def open_view(deps: Answering, kept: Kept) -> AnswerView:
    """What may be read of it. Raises KeyDestroyed."""
    question, answer = kept.question, kept.answer
    key = await deps.keyring.get(question.tenant_id, answer.question_id)
    needles = await open_needles(deps.keyring, question.tenant_id, kept.looked.fenced)
    body = AnswerBody.opened(key, answer.sealed_body).without(needles)
    sources = {passage.chunk_id: passage for passage in await deps.search.opened(kept.looked)}
    body, citations = keep_sources(body, answer.citations, sources)
    reasons = answer.degraded_reasons
    if len(citations) < len(answer.citations) and DegradedReason.SOURCE_WITHDRAWN not in reasons:
        reasons = (*reasons, DegradedReason.SOURCE_WITHDRAWN)
    readable = replace(
        answer,
        mode=answer.mode if citations else AnswerMode.NO_ANSWER,
        citations=citations,
        is_degraded=bool(reasons),
        degraded_reasons=reasons,
    )
    return _view(question, readable, body, sources)


def view_of_settled(settled: Settled) -> AnswerView:
    """As `present` would show it to the one who asked, at the moment it was stored."""
    answer = settled.answer
    body = AnswerBody.opened(settled.asked.key, answer.sealed_body)
    sources = {passage.chunk_id: passage for passage in settled.sources}
    return _view(replace(settled.asked.question, state=QuestionState.ANSWERED), answer, body, sources)


def _view(question: Question, answer: Answer, body: AnswerBody, sources: Mapping[Id, Passage]) -> AnswerView:
    return AnswerView(
        question.id,
        question.state,
        question.created_at,
        mode=answer.mode,
        text=body.text,
        citations=tuple(
            cited(each.number, sources[each.chunk_id], _quotes(body, each.number)) for each in answer.citations
        ),
        is_degraded=answer.is_degraded,
        degraded_reasons=answer.degraded_reasons,
        provenance=_again(answer.provenance) if question.answered_by else answer.provenance,
        cached_at=answer.created_at if question.answered_by else None,
    )


def _again(provenance: Provenance) -> Provenance:
    """What giving an answer again took: nothing."""
    spared = dict.fromkeys(provenance.costs_micros, 0)
    return replace(provenance, tokens_in=0, tokens_out=0, cost_micros=0, costs_micros=spared, timings_ms={})


async def retrieval_of(deps: Answering, caller: Caller, question_id: Id) -> Trace | None:
    """How the answer to a question of the caller's own was come by, without what may no longer be read.

    None where it is not known. Raises as ``present``.
    """
    async with deps.ledger.read() as uow:
        question = await uow.questions.get(caller.tenant_id, question_id)
        answer = await uow.questions.answer(caller.tenant_id, question_id)
    if question is None or question.principal_id != caller.principal_id:
        raise QuestionNotFound
    if answer is None or answer.sealed_trace is None:
        return None
    trace = open_trace(await deps.keyring.get(caller.tenant_id, question_id), answer.sealed_trace)
    scores = {each.chunk_id: each.fused for each in trace.candidates}
    passages = await deps.search.reopen(caller.tenant_id, scores, seq=question.seq, readers=caller.readers)
    readable = {passage.chunk_id for passage in passages}
    needles = await standing_needles(deps.ledger, deps.keyring, caller.tenant_id)
    return replace(
        trace,
        queries=tuple(each for each in trace.queries if not needles.hides(each)),
        candidates=tuple(each for each in trace.candidates if each.chunk_id in readable),
    )


def cited(number: int, passage: Passage, quotes: tuple[str, ...] = ()) -> CitationView:
    """The passage as the answer's citation of this number."""
    return CitationView(
        number=number,
        chunk_id=passage.chunk_id,
        version_id=passage.version_id,
        document_id=passage.document_id,
        title=passage.title,
        source_uri=passage.source_uri,
        place=passage.place,
        score=passage.score,
        text=passage.text,
        text_hmac=passage.text_hmac,
        quotes=quotes,
        is_overdue=passage.is_overdue,
    )


def _quotes(body: AnswerBody, number: int) -> tuple[str, ...]:
    return tuple(sentence.text for sentence in body.sentences if number in sentence.numbers)
