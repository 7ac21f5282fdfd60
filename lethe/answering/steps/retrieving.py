"""The first step: the passages a question may be answered from."""

import asyncio
from collections.abc import Coroutine, Generator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from lethe.answering.chain import Plan, plan
from lethe.answering.deps import Answering
from lethe.answering.extractive import extract
from lethe.answering.request import AnswerRequest
from lethe.answering.steps.stored import load
from lethe.answering.unawaited import hear
from lethe.answering.under_way import Asked, Drawn
from lethe.contracts.answering import PassageRef, QuestionRef, Retrieved
from lethe.model.answers import Question
from lethe.model.ids import Id
from lethe.model.principals import Caller
from lethe.model.traces import Candidate, Trace
from lethe.ports.search import AskedVector, Found, SearchRequest
from lethe.telemetry import EMPTY_RETRIEVALS


@contextmanager
def searching_meanwhile(
    deps: Answering,
    caller: Caller,
    request: AnswerRequest,
    question_id: Id,
    seq: int,
    embedding: asyncio.Task[AskedVector],
) -> Generator[None]:
    """Begin the question's search while the block stores it, where that asks nobody outside; and what is drawn from it.

    It reads the tenant's clock as it stands before the question does: where it moves meanwhile, it was for nothing.
    """
    if not deps.searches_freely:
        yield
        return
    asked = replace(request.search(caller.tenant_id, caller.readers, seq), for_answer=True)
    search = _keep(deps, question_id, seq, _searched(deps, asked, embedding))
    if deps.chain is None and deps.embedder.spec.key in deps.in_process:
        drawing = asyncio.create_task(_drawn(deps, request.text, search, embedding))
        hear(drawing)
        deps.under_way.keep_extract(question_id, drawing)
    try:
        yield
    finally:
        if deps.under_way.asked(question_id) is None:
            deps.under_way.drop_search(question_id)


async def _searched(deps: Answering, request: SearchRequest, embedding: asyncio.Task[AskedVector]) -> Found:
    return await deps.search.find(replace(request, asked=await asyncio.shield(embedding)))


async def _drawn(
    deps: Answering, text: str, search: asyncio.Task[Found], embedding: asyncio.Task[AskedVector]
) -> Drawn:
    found, asked = await asyncio.shield(search), await asyncio.shield(embedding)
    known = asked.under(deps.embedder.spec.key)
    return Drawn(found.passages, await extract(text, found.passages, deps.embedder, deps.embed_seconds, known))


def look_ahead(deps: Answering, question_id: Id) -> None:
    """Begin the search of a stored question while its workflow starts, where that asks nobody outside.

    One that began while it was stored goes on.
    """
    asked, vector = deps.under_way.asked(question_id), deps.under_way.vector(question_id)
    if not deps.searches_freely or asked is None or vector is None or vector.vector is None:
        return
    if not deps.under_way.is_searched(question_id, asked.question.seq):
        _keep(deps, question_id, asked.question.seq, deps.search.find(_search(deps, asked)))


def _keep(deps: Answering, question_id: Id, seq: int, searching: Coroutine[Any, Any, Found]) -> asyncio.Task[Found]:
    search = asyncio.create_task(searching)
    hear(search)
    deps.under_way.drop_search(question_id)
    deps.under_way.keep_search(question_id, seq, search)
    return search


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
    begun = deps.under_way.take_search(ref.question_id, question.seq)
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
