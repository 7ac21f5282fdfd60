"""Search, questions and their answers."""

import time

from fastapi import APIRouter, Response
from pydantic import BaseModel

from api.asking import AskedMemo, answer_once, answer_out, find, guarded, search_out, show
from api.dependencies import IdempotencyKey, QuestionId, ServicesDep
from api.idempotency import Attempt, tell_replay
from api.schemas.questions import AnswerOut, QuestionIn, SearchIn, SearchOut
from api.security import Reader
from lethe import telemetry
from lethe.answering.views import present

router = APIRouter(prefix="/v1", tags=["questions"])


class _Nothing(BaseModel):
    """A search has no effect to remember; the key still guards against another body."""


@router.post("/search")
async def search(
    question: SearchIn, caller: Reader, services: ServicesDep, idempotency_key: IdempotencyKey = None
) -> SearchOut:
    """The best passages the caller may read. Needs no workflow, so it answers when Temporal does not."""
    request = guarded(services, question)

    async def nothing() -> _Nothing:
        return _Nothing()

    attempt = Attempt(caller, idempotency_key, ("search", request.model_dump_json()), 200)
    await services.idempotency.once(attempt, _Nothing, nothing)
    return search_out(await find(services, caller, request))


@router.post("/query")
async def query(
    question: QuestionIn,
    response: Response,
    caller: Reader,
    services: ServicesDep,
    idempotency_key: IdempotencyKey = None,
) -> AnswerOut:
    """Answer a question from the documents the caller may read, each sentence cited."""
    started = time.perf_counter()
    request = guarded(services, question)

    async def perform() -> AskedMemo:
        return await answer_once(services, caller, request)

    attempt = Attempt(caller, idempotency_key, ("query", request.model_dump_json()), 200)
    with services.questions.one():
        memo, is_repeated = await services.idempotency.once(attempt, AskedMemo, perform)
        answer = await show(services, caller, request, memo)
    tell_replay(response, is_repeated=is_repeated)
    telemetry.QUERY_DURATION.observe(time.perf_counter() - started)
    telemetry.QUERIES.labels(answer.answer_mode or "none").inc()
    return answer


@router.get("/queries/{question_id}")
async def read_query(caller: Reader, services: ServicesDep, question_id: QuestionId) -> AnswerOut:
    """A question of the caller's own, and its answer as far as its sources may still be read."""
    return answer_out(await present(services.answering, caller, question_id))
