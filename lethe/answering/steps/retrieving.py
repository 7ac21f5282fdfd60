"""The first step: the passages a question may be answered from."""

import asyncio
from dataclasses import replace

from lethe.answering.chain import Plan, plan
from lethe.answering.deps import Answering
from lethe.answering.request import AnswerRequest
from lethe.answering.steps.stored import load
from lethe.answering.unawaited import hear
from lethe.answering.under_way import Asked
from lethe.contracts.answering import PassageRef, QuestionRef, Retrieved
from lethe.model.answers import Question
from lethe.model.ids import Id
from lethe.model.traces import Candidate, Trace
from lethe.ports.search import Found, SearchRequest
from lethe.telemetry import EMPTY_RETRIEVALS


def look_ahead(deps: Answering, question_id: Id) -> None:
    """Begin the search of a stored question while its workflow starts, where that asks nobody outside."""
    asked, vector = deps.under_way.asked(question_id), deps.under_way.vector(question_id)
    if not deps.searches_freely or asked is None or vector is None or vector.vector is None:
        return
    search = asyncio.create_task(deps.search.find(_search(deps, asked)))
    hear(search)
    deps.under_way.keep_search(question_id, search)


async def retrieve(deps: Answering, ref: QuestionRef, *, is_repeated: bool = False) -> Retrieved:
    """Find the passages the question's caller may read. Changes nothing.

    ``is_repeated``: an earlier attempt failed. It may have paid a model for rewording, so what it found is taken where
    this process still has it, and no model is asked now.
    """
    asked = await load(deps, ref)
    question, request = asked.question, asked.request
    known = deps.under_way.retrieved(ref.question_id) if is_repeated else None
    if known is not None:
        return known.model_copy(update={"seconds_left": _seconds_left(deps, question)})
    planned = await _plan(deps, question, request)
    begun = deps.under_way.take_search(ref.question_id)
    found = await (begun or deps.search.find(replace(_search(deps, asked), reword=not is_repeated)))
    deps.under_way.keep_found(ref.question_id, found.passages)
    deps.under_way.keep_trace(ref.question_id, found.trace or _plain_trace(request, found))
    if not found.passages:
        EMPTY_RETRIEVALS.inc()
    retrieved = Retrieved(
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
        embedding_spec=found.spec,
        seq=question.seq,
        timings_ms=found.timings_ms,
        # With no passage there is nothing that a model could answer from, nor anything lost with the models.
        models=list(planned.models) if found.passages else [],
        routing=planned.routing,
        attempts=list(planned.passed_over),
        fallen=list(planned.reasons) if found.passages else [],
        seconds_left=_seconds_left(deps, question),
    )
    deps.under_way.keep_retrieved(retrieved)
    return retrieved


def _search(deps: Answering, asked: Asked) -> SearchRequest:
    question = asked.question
    return replace(
        asked.request.search(question.tenant_id, frozenset(question.readers), question.seq),
        question_id=question.id,
        principal_id=question.principal_id,
        asked=deps.under_way.vector(question.id),
        for_answer=True,
    )


async def _plan(deps: Answering, question: Question, request: AnswerRequest) -> Plan:
    if deps.chain is None:
        return Plan((), "", (), ())
    async with deps.ledger.read() as uow:
        tenant = await uow.tenants.get(question.tenant_id)
    asked = deps.under_way.vector(question.id)
    allowed = tenant.allowed_providers if tenant else ()
    return await plan(deps.chain, request.text, allowed, asked.under(deps.embedder.spec.key) if asked else None)


def _seconds_left(deps: Answering, question: Question) -> float:
    """Of the question's time, counted from when it was asked."""
    if deps.chain is None:
        return 0.0
    return max(0.0, deps.chain.seconds - (deps.clock.now() - question.created_at).total_seconds())


def _plain_trace(request: AnswerRequest, found: Found) -> Trace:
    return Trace(
        queries=(request.text,),
        candidates=tuple(
            Candidate(passage.chunk_id, passage.version_id, passage.document_id, passage.score)
            for passage in found.passages
        ),
    )
