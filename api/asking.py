"""From a question's HTTP form to an answer, down the ladder when something is missing (P9).

Temporal away or too slow, or a ledger that takes no writes: the passages, by the same search as `/v1/search`.
SQL unreachable is the one closed door: the search raises LedgerUnavailable, because rights cannot be checked.
"""

import logging
from datetime import datetime
from typing import Annotated, Final

from pydantic import BaseModel, Field, SkipValidation

from api.schemas.questions import (
    AnswerOut,
    CandidateOut,
    CitationOut,
    PassageOut,
    ProvenanceOut,
    QueryOut,
    QuestionIn,
    RetrievalOut,
    SearchOut,
)
from api.services import Services
from lethe.answering.request import AnswerRequest
from lethe.answering.steps import ask, look_ahead
from lethe.answering.steps.asking import NotKeptError
from lethe.answering.under_way import CachePlace
from lethe.answering.views import AnswerView, cited, present, view_of_settled
from lethe.contracts.answering import QuestionRef
from lethe.errors import (
    DeadlineExceeded,
    KeyDestroyed,
    LedgerUnavailable,
    LetheError,
    QuestionNotFound,
    WorkflowsUnavailable,
)
from lethe.model.answers import AnswerMode, DegradedReason, QuestionState
from lethe.model.ids import Id
from lethe.model.principals import Caller
from lethe.model.traces import Trace
from lethe.ports.search import Found
from lethe.ports.tokens import TokenKind
from lethe.retrieval.filters import compile_filters
from lethe.retrieval.questions import guard_question

_log: Final = logging.getLogger(__name__)


class AskedMemo(BaseModel):
    """What asking did: the stored question, or why there is no answer of a workflow to it.

    ``is_answered``: from the beginning. ``flight`` is equal for equal questions; of this process only, so not kept.
    ``found_for``: the reader ids its passages are found for; not kept. ``view``: the answer as it could be read when it
    was stored, or an earlier one when the question was; not kept.
    """

    question_id: Id | None
    seq: int | None = None
    asked_at: datetime
    fallen: DegradedReason | None = None
    is_answered: bool = False
    flight: Annotated[str | None, Field(exclude=True)] = None
    found_for: Annotated[frozenset[Id] | None, Field(exclude=True)] = None
    view: Annotated[SkipValidation[AnswerView | None], Field(exclude=True)] = None


def guarded(services: Services, question: QuestionIn) -> AnswerRequest:
    """The question as it is searched for. Raises QuestionTooLong, InvalidRequest."""
    retrieval = services.settings.retrieval
    return AnswerRequest(
        text=guard_question(question.question, services.settings.limits.question_characters),
        top_k=retrieval.top_k if question.top_k is None else question.top_k,
        alpha=question.alpha,
        attributes=compile_filters(question.filters),
        rerank=question.rerank,
    )


async def find(services: Services, caller: Caller, request: AnswerRequest, seq: int | None = None) -> Found:
    """Passages as of ``seq`` (None: as of now)."""
    if seq is None:
        async with services.ledger.read() as uow:
            seq = await uow.tenants.seq(caller.tenant_id)
    return await services.answering.search.find(request.search(caller.tenant_id, caller.readers, seq))


async def store(
    services: Services,
    caller: Caller,
    request: AnswerRequest,
    question_id: Id | None = None,
    place: CachePlace | None = None,
) -> AskedMemo:
    """Keep the question under that id, so that it can be answered. Raises LedgerUnavailable."""
    try:
        question = await ask(services.answering, caller, request, services.clock.now(), question_id, place)
    except NotKeptError:
        return unstored(services, caller, DegradedReason.QUESTION_NOT_KEPT)
    _log.info("asked", extra={"tenant": caller.tenant_id, "ref": question.id})
    return AskedMemo(question_id=question.id, seq=question.seq, asked_at=question.created_at, found_for=caller.readers)


async def met(services: Services, caller: Caller, question_id: Id) -> AskedMemo | None:
    """The question, if an earlier sending that broke off has stored it."""
    try:
        return (await stored(services, caller, question_id))[0]
    except QuestionNotFound:
        return None


async def stored(services: Services, caller: Caller, question_id: Id) -> tuple[AskedMemo, AnswerRequest]:
    """A question of the caller's own as it was asked. Raises QuestionNotFound, KeyDestroyed."""
    async with services.ledger.read() as uow:
        question = await uow.questions.get(caller.tenant_id, question_id)
        if question is None or question.principal_id != caller.principal_id:
            raise QuestionNotFound
        said = question
        if not question.sealed_request and question.answered_by:
            said = await uow.questions.get(caller.tenant_id, question.answered_by)
    if said is None:
        raise QuestionNotFound
    key = await services.keyring.get(caller.tenant_id, said.id)
    memo = AskedMemo(
        question_id=question_id,
        seq=question.seq,
        asked_at=question.created_at,
        found_for=frozenset(question.readers),
    )
    return memo, AnswerRequest.opened(key, said.sealed_request)


def unstored(services: Services, caller: Caller, reason: DegradedReason) -> AskedMemo:
    """A question that the ledger did not take."""
    _log.warning("question not stored", extra={"tenant": caller.tenant_id, "code": reason.value})
    return AskedMemo(question_id=None, asked_at=services.clock.now(), fallen=reason)


async def answer(services: Services, caller: Caller, memo: AskedMemo) -> AskedMemo:
    """Have a stored question answered. Never raises because Temporal is out of order, or the ledger takes no writes.

    Whoever follows the question's stream is told how it ended where no step could tell.
    """
    if memo.question_id is None:
        return memo
    tokens = services.answering.tokens
    if services.workflows.answers_here:
        look_ahead(services.answering, memo.question_id)
    try:
        await services.workflows.answer(QuestionRef(tenant_id=caller.tenant_id, question_id=memo.question_id))
    except WorkflowsUnavailable:
        return await fall(services, memo, DegradedReason.WORKFLOWS_DOWN)
    except LedgerUnavailable:
        return await fall(services, memo, DegradedReason.LEDGER_READ_ONLY)
    except DeadlineExceeded:
        return await fall(services, memo, DegradedReason.DEADLINE_PASSED)
    except (QuestionNotFound, KeyDestroyed) as error:
        await tokens.publish(memo.question_id, TokenKind.ERROR, {"code": error.code})
        raise
    except LetheError as error:
        _log.warning("a step failed", extra={"ref": memo.question_id, "code": error.code})
        return await fall(services, memo, DegradedReason.STEP_FAILED)
    settled = services.answering.under_way.take_settled(memo.question_id)
    return memo if settled is None else memo.model_copy(update={"view": view_of_settled(settled)})


async def fall(services: Services, memo: AskedMemo, reason: DegradedReason) -> AskedMemo:
    """The question gets its passages instead of an answer."""
    _log.warning("answered with passages", extra={"ref": memo.question_id, "code": reason.value})
    if memo.question_id is not None:
        done = {"answer_id": memo.question_id, "mode": AnswerMode.PASSAGES.value, "fallen": reason.value}
        await services.answering.tokens.publish(memo.question_id, TokenKind.DONE, done)
    return memo.model_copy(update={"fallen": reason})


async def is_answered(services: Services, caller: Caller, question_id: Id) -> bool:
    """Whether the final answer is stored. Raises QuestionNotFound."""
    async with services.ledger.read() as uow:
        question = await uow.questions.get(caller.tenant_id, question_id)
    if question is None:
        raise QuestionNotFound
    return question.state is QuestionState.ANSWERED


async def show(services: Services, caller: Caller, request: AnswerRequest, memo: AskedMemo) -> AnswerOut:
    """The answer as the caller may read it now."""
    if memo.fallen is None and memo.question_id is not None:
        return answer_out(await present(services.answering, caller, memo.question_id))
    found = await find(services, caller, request, memo.seq)
    return _passages_out(memo, found)


def search_out(found: Found) -> SearchOut:
    """A search on the wire."""
    return SearchOut(
        items=[PassageOut.model_validate(passage) for passage in found.passages],
        is_degraded=bool(found.reasons),
        degraded_reasons=list(found.reasons),
    )


def answer_out(view: AnswerView) -> AnswerOut:
    """An answer on the wire."""
    return AnswerOut(
        id=view.question_id,
        state=view.state,
        created_at=view.created_at,
        answer_mode=view.mode,
        answer=view.text,
        citations=[CitationOut.model_validate(citation) for citation in view.citations],
        is_degraded=view.is_degraded,
        degraded_reasons=list(view.degraded_reasons),
        provenance=_provenance_out(view),
    )


def _provenance_out(view: AnswerView) -> ProvenanceOut | None:
    if view.provenance is None:
        return None
    overdue = [citation.number for citation in view.citations if citation.is_overdue]
    told = {"cached_at": view.cached_at, "overdue_citations": overdue}
    return ProvenanceOut.model_validate(view.provenance).model_copy(update=told)


def query_out(view: AnswerView, trace: Trace | None) -> QueryOut:
    """An answer with how it was come by."""
    cited_chunks = {citation.chunk_id for citation in view.citations}
    retrieval = trace and RetrievalOut(
        queries=list(trace.queries),
        rewriting=trace.rewriting,
        candidates=[
            CandidateOut(
                chunk_id=each.chunk_id,
                version_id=each.version_id,
                document_id=each.document_id,
                fused=each.fused,
                reranked=each.reranked,
                is_cited=each.chunk_id in cited_chunks,
            )
            for each in trace.candidates
        ],
    )
    return QueryOut(**answer_out(view).model_dump(), retrieval=retrieval)


def _passages_out(memo: AskedMemo, found: Found) -> AnswerOut:
    fallen = () if memo.fallen is None else (memo.fallen,)
    reasons = list(dict.fromkeys((*fallen, *found.reasons)))
    return AnswerOut(
        id=memo.question_id,
        state=QuestionState.ASKED,
        created_at=memo.asked_at,
        answer_mode=AnswerMode.PASSAGES,
        answer="",
        citations=[
            CitationOut.model_validate(cited(number, passage)) for number, passage in enumerate(found.passages, start=1)
        ],
        is_degraded=True,
        degraded_reasons=reasons,
        provenance=None,
    )
