"""Search, questions and their answers."""

import asyncio
import time
from contextlib import ExitStack
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Response
from pydantic import BaseModel

from api.asking import (
    AskedMemo,
    answer_out,
    find,
    guarded,
    is_answered,
    met,
    query_out,
    search_out,
    show,
    stored,
    unstored,
)
from api.deadlines import Deadline, ending_at
from api.dependencies import IdempotencyKey, QuestionId, ServicesDep
from api.idempotency import Attempt, tell_replay
from api.recalling import answer_together, ask_or_recall, tell_recalled
from api.schemas.questions import AnswerOut, AskIn, QueryOut, SearchIn, SearchOut
from api.security import Reader
from api.services import Services
from api.streaming import MEDIA_TYPE, AnswerStream, event_id, stream_response
from lethe import telemetry
from lethe.answering.request import AnswerRequest
from lethe.answering.views import present, retrieval_of
from lethe.errors import LedgerUnavailable
from lethe.model.answers import DegradedReason
from lethe.model.ids import Id
from lethe.model.principals import Caller

router = APIRouter(prefix="/v1", tags=["questions"])

EVENTS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The answer; or its events: token, citation, reset, withdrawn, then done (the answer) or error.",
        "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
    },
    204: {"description": "The reader has the last event already."},
}
Accept = Annotated[str, Header(description=f"`{MEDIA_TYPE}`: the answer as it is made")]
LastEventId = Annotated[str | None, Header(description="The `id` of the last event that came; go on after it")]


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


@router.post("/query", response_model=AnswerOut, responses=EVENTS)
async def query(
    question: AskIn,
    response: Response,
    caller: Reader,
    services: ServicesDep,
    accept: Accept = "",
    last_event_id: LastEventId = None,
    idempotency_key: IdempotencyKey = None,
) -> AnswerOut | Response:
    """Answer a question from the documents the caller may read, each sentence cited.

    With `Accept: text/event-stream`, or `stream`, as it is made. The answer is made although its sender hangs up; sent
    again with the same `Idempotency-Key`, the question is not asked anew, but its answer waited for or given.
    """
    started, deadline = time.perf_counter(), Deadline.of(services.settings.limits)
    request = guarded(services, question).model_copy(update={"no_store": question.no_store})
    with ExitStack() as place:
        place.enter_context(services.questions.one())
        memo, is_repeated = await _stored(services, caller, request, idempotency_key, deadline)
        first = services.running.first(memo.question_id)
        if first is None:
            wait = _answered(services, caller, request, memo, deadline, place.pop_all(), is_repeated=is_repeated)
        else:
            wait = _joined(first, place.pop_all())
    running = services.running.start(wait, memo.question_id)
    if _wants_events(accept) if question.stream is None else question.stream:
        after = event_id(last_event_id)
        if memo.is_answered and memo.question_id is not None and not is_repeated:
            async with ending_at(deadline.end):
                await tell_recalled(services, caller, memo.question_id)
        streamed = await stream_response(AnswerStream(services, caller, request, memo, after, running, deadline.end))
        tell_replay(streamed, is_repeated=is_repeated)
        return streamed
    async with ending_at(deadline.end):
        shown = await _shown(services, caller, request, running, at_once=idempotency_key is None)
    tell_replay(response, is_repeated=is_repeated)
    telemetry.QUERY_DURATION.observe(time.perf_counter() - started)
    telemetry.QUERIES.labels(shown.answer_mode or "none").inc()
    return shown


async def _shown(
    services: Services, caller: Caller, request: AnswerRequest, running: asyncio.Task[AskedMemo], *, at_once: bool
) -> AnswerOut:
    """``at_once``: nothing was done since the answer was stored, or an earlier one read: it is as it was then."""
    memo = await asyncio.shield(running)
    if at_once and memo.view is not None:
        return answer_out(memo.view)
    return await show(services, caller, request, memo)


async def _stored(
    services: Services, caller: Caller, request: AnswerRequest, idempotency_key: str | None, deadline: Deadline
) -> tuple[AskedMemo, bool]:
    """The question, once, and whether it was there before.

    A ledger that takes no writes, or is slow, does not keep it from its passages.
    """
    before: AskedMemo | None = None

    async def perform(question_id: Id) -> AskedMemo:
        nonlocal before
        if idempotency_key is not None:
            before = await met(services, caller, question_id)
        return before or await ask_or_recall(services, caller, request, question_id)

    attempt = Attempt(caller, idempotency_key, ("query", request.model_dump_json()), 200)
    try:
        async with asyncio.timeout_at(deadline.answer):
            memo, is_repeated = await services.idempotency.once_as(attempt, AskedMemo, perform)
            return memo, is_repeated or before is not None
    except LedgerUnavailable:
        return unstored(services, caller, DegradedReason.LEDGER_READ_ONLY), False
    except TimeoutError:
        return unstored(services, caller, DegradedReason.DEADLINE_PASSED), False


async def _answered(
    services: Services,
    caller: Caller,
    request: AnswerRequest,
    memo: AskedMemo,
    deadline: Deadline,
    place: ExitStack,
    *,
    is_repeated: bool,
) -> AskedMemo:
    """Keeps the question's place until it is answered, although its sender hangs up."""
    with place:
        if memo.is_answered:
            return memo
        if is_repeated and memo.question_id is not None and await is_answered(services, caller, memo.question_id):
            return memo
        return await answer_together(services, caller, request, memo, deadline)


async def _joined(first: asyncio.Task[AskedMemo], place: ExitStack) -> AskedMemo:
    """What comes of the first sending."""
    with place:
        return await asyncio.shield(first)


@router.get("/queries/{question_id}", response_model=QueryOut, responses=EVENTS)
async def read_query(
    caller: Reader,
    services: ServicesDep,
    question_id: QuestionId,
    accept: Accept = "",
    last_event_id: LastEventId = None,
) -> QueryOut | Response:
    """A question of the caller's own, and its answer as far as its sources may still be read.

    With `Accept: text/event-stream` the events of its answer, from the beginning or after `Last-Event-ID`, for five
    minutes after the last of them; later only `done`.
    """
    if _wants_events(accept):
        memo, request = await stored(services, caller, question_id)
        return await stream_response(AnswerStream(services, caller, request, memo, event_id(last_event_id)))
    view = await present(services.answering, caller, question_id)
    return query_out(view, await retrieval_of(services.answering, caller, question_id))


def _wants_events(accept: str) -> bool:
    return any(part.partition(";")[0].strip().lower() == MEDIA_TYPE for part in accept.split(","))
