"""The steps of a question. Each may run again with the same effect.

No unit of work spans a call outside SQL: a step reads, works, then commits in a unit of its own.
"""

import time
from dataclasses import replace
from datetime import datetime

from lethe.answering.body import AnswerBody, AnswerSentence
from lethe.answering.calibration import REVISION
from lethe.answering.citations import keep_sources
from lethe.answering.deps import Answering
from lethe.answering.extractive import Extract, extract
from lethe.answering.request import AnswerRequest
from lethe.answering.telling import tell_done, tell_extract
from lethe.answering.traces import seal_trace
from lethe.contracts.answering import AnswerOutcome, Drafted, PassageRef, QuestionRef, Retrieved
from lethe.errors import QuestionNotFound
from lethe.model.answers import (
    WITHOUT_EMBEDDER,
    Answer,
    AnswerMode,
    Citation,
    DegradedReason,
    Provenance,
    Question,
    QuestionState,
)
from lethe.model.ids import new_id
from lethe.model.principals import Caller
from lethe.model.processors import Origin
from lethe.model.traces import Candidate, Trace
from lethe.ports.search import Found, Passage, SearchRequest
from lethe.ports.tokens import TokenKind
from lethe.privacy.processors import EmbedderFor


async def ask(deps: Answering, caller: Caller, request: AnswerRequest, now: datetime) -> Question:
    """Store a guarded question of the caller: its data key, its row, and the seq it will read."""
    question_id = new_id()
    key = await deps.keyring.create(caller.tenant_id, question_id)
    sealed = request.sealed(key)
    async with deps.ledger.write() as uow:
        question = Question(
            tenant_id=caller.tenant_id,
            id=question_id,
            principal_id=caller.principal_id,
            readers=tuple(sorted(caller.readers)),
            sealed_request=sealed,
            state=QuestionState.ASKED,
            seq=await uow.tenants.seq(caller.tenant_id),
            created_at=now,
        )
        await uow.questions.add(question)
    return question


async def retrieve(deps: Answering, ref: QuestionRef) -> Retrieved:
    """Find the passages the question's caller may read. Changes nothing."""
    question, _, request = await _load(deps, ref)
    found = await deps.search.find(
        SearchRequest(
            tenant_id=ref.tenant_id,
            readers=frozenset(question.readers),
            seq=question.seq,
            text=request.text,
            top_k=request.top_k,
            alpha=request.alpha,
            attributes=request.attributes,
            question_id=ref.question_id,
        )
    )
    deps.traces.keep(ref.question_id, found.trace or _plain_trace(request, found))
    return Retrieved(
        question=ref,
        passages=[
            PassageRef(
                chunk_id=passage.chunk_id,
                version_id=passage.version_id,
                document_id=passage.document_id,
                score=passage.score,
            )
            for passage in found.passages
        ],
        reasons=list(found.reasons),
        build_id=found.build_id,
        seq=question.seq,
        timings_ms=found.timings_ms,
    )


async def generate(deps: Answering, retrieved: Retrieved) -> Drafted:
    """Draft an extractive answer from the passages and store it, not final."""
    started = time.perf_counter()
    ref = retrieved.question
    question, key, request = await _load(deps, ref)
    scores = {passage.chunk_id: passage.score for passage in retrieved.passages}
    passages = await deps.search.reopen(ref.tenant_id, scores, seq=question.seq, readers=frozenset(question.readers))
    quoted = frozenset({ref.question_id, *(passage.document_id for passage in passages)})
    embedder = EmbedderFor(deps.embedder, Origin(ref.tenant_id, quoted))
    drawn = await extract(request.text, passages, embedder, deps.embed_seconds)
    reasons = _merged(retrieved.reasons, drawn.reasons)
    timings = {"generate": _elapsed_ms(started)}
    draft = Answer(
        tenant_id=ref.tenant_id,
        question_id=ref.question_id,
        mode=drawn.mode,
        sealed_body=_body(drawn).sealed(key),
        citations=_citations(drawn, passages),
        is_degraded=bool(reasons),
        degraded_reasons=reasons,
        provenance=Provenance(
            index_build_id=retrieved.build_id,
            seq=retrieved.seq,
            embedding_spec="" if WITHOUT_EMBEDDER.intersection(reasons) else deps.embedder.spec.key,
            provider="lethe",
            model="extractive",
            model_fingerprint=REVISION,
            timings_ms=retrieved.timings_ms | timings,
        ),
        is_final=False,
        created_at=deps.clock.now(),
        sealed_trace=None if (trace := deps.traces.get(ref.question_id)) is None else seal_trace(key, trace),
    )
    before = await _store(deps, draft, QuestionState.DRAFTED)
    if before is QuestionState.DRAFTED:
        await deps.tokens.publish(ref.question_id, TokenKind.RESET, {"reason": "repeated"})
    if before is not QuestionState.ANSWERED:
        await tell_extract(deps.tokens, draft, drawn.sentences)
    return Drafted(retrieved=retrieved, mode=drawn.mode, timings_ms=timings)


async def finish(deps: Answering, drafted: Drafted) -> AnswerOutcome:
    """Gate the draft's sources again, drop what was withdrawn meanwhile, and store the final answer."""
    started = time.perf_counter()
    ref = drafted.retrieved.question
    question, key, _ = await _load(deps, ref)
    async with deps.ledger.read() as uow:
        draft = await uow.questions.answer(ref.tenant_id, ref.question_id)
    if draft is None:
        raise QuestionNotFound
    if draft.is_final:
        await tell_done(deps.tokens, draft)
        return _outcome(draft)
    body = AnswerBody.opened(key, draft.sealed_body)
    scores = {cited.chunk_id: cited.score for cited in draft.citations}
    passages = await deps.search.reopen(ref.tenant_id, scores, seq=question.seq, readers=frozenset(question.readers))
    body, citations = keep_sources(body, draft.citations, {passage.chunk_id for passage in passages})
    withdrawn = [DegradedReason.SOURCE_WITHDRAWN] if len(citations) < len(draft.citations) else []
    reasons = _merged(draft.degraded_reasons, withdrawn)
    timings = draft.provenance.timings_ms | {"finish": _elapsed_ms(started)}
    answer = replace(
        draft,
        mode=draft.mode if citations else AnswerMode.NO_ANSWER,
        sealed_body=body.sealed(key),
        citations=citations,
        is_degraded=bool(reasons),
        degraded_reasons=reasons,
        provenance=replace(draft.provenance, timings_ms=timings),
        is_final=True,
        created_at=deps.clock.now(),
    )
    await _store(deps, answer, QuestionState.ANSWERED)
    deps.traces.forget(ref.question_id)
    await tell_done(deps.tokens, answer)
    return _outcome(answer)


async def _load(deps: Answering, ref: QuestionRef) -> tuple[Question, bytes, AnswerRequest]:
    async with deps.ledger.read() as uow:
        question = await uow.questions.get(ref.tenant_id, ref.question_id)
    if question is None:
        raise QuestionNotFound
    key = await deps.keyring.get(ref.tenant_id, ref.question_id)
    return question, key, AnswerRequest.opened(key, question.sealed_request)


async def _store(deps: Answering, answer: Answer, state: QuestionState) -> QuestionState:
    """Write the answer unless its question was deleted, or answered by an attempt thought lost, meanwhile.

    Returns the state it was in before.
    """
    async with deps.ledger.write() as uow:
        question = await uow.questions.get(answer.tenant_id, answer.question_id)
        if question is None:
            raise QuestionNotFound
        if question.state is QuestionState.ANSWERED:
            return question.state
        await uow.questions.put_answer(answer)
        await uow.questions.set_state(answer.tenant_id, answer.question_id, state)
    return question.state


def _plain_trace(request: AnswerRequest, found: Found) -> Trace:
    return Trace(
        queries=(request.text,),
        candidates=tuple(
            Candidate(passage.chunk_id, passage.version_id, passage.document_id, passage.score)
            for passage in found.passages
        ),
    )


def _body(drawn: Extract) -> AnswerBody:
    return AnswerBody(
        sentences=tuple(
            AnswerSentence(text=quote.text, citation=quote.number, start=quote.start, end=quote.end)
            for quote in drawn.sentences
        )
    )


def _citations(drawn: Extract, passages: list[Passage]) -> tuple[Citation, ...]:
    cited = [passages[index] for index in drawn.cited]
    return tuple(
        Citation(
            number=number,
            chunk_id=passage.chunk_id,
            version_id=passage.version_id,
            document_id=passage.document_id,
            text_hmac=passage.text_hmac,
            score=passage.score,
        )
        for number, passage in enumerate(cited, start=1)
    )


def _merged(*groups: list[DegradedReason] | tuple[DegradedReason, ...]) -> tuple[DegradedReason, ...]:
    return tuple(dict.fromkeys(reason for group in groups for reason in group))


def _outcome(answer: Answer) -> AnswerOutcome:
    return AnswerOutcome(
        mode=answer.mode,
        citations=len(answer.citations),
        is_degraded=answer.is_degraded,
        reasons=list(answer.degraded_reasons),
    )


def _elapsed_ms(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 1)
