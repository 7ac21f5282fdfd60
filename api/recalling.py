"""A question that was asked before, or is being asked by others: one answer for all of them."""

import asyncio
import logging
from collections.abc import Coroutine, Generator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, Final

from api.asking import AskedMemo, answer, fall, store
from api.deadlines import Deadline
from api.services import Services
from lethe.answering.caching.exact import look_up, share
from lethe.answering.caching.similar import embedding_meanwhile, recall_similar
from lethe.answering.request import AnswerRequest
from lethe.answering.steps import searching_meanwhile
from lethe.answering.telling import tell_view
from lethe.answering.under_way import CachePlace
from lethe.answering.views import present
from lethe.errors import LetheError, RateLimited
from lethe.model.answers import DegradedReason
from lethe.model.ids import Id
from lethe.model.principals import Caller

_log: Final = logging.getLogger(__name__)


async def ask_or_recall(services: Services, caller: Caller, request: AnswerRequest, question_id: Id) -> AskedMemo:
    """The question, stored under that id; answered already, if an earlier answer serves. Raises LedgerUnavailable."""
    found = await look_up(services.answering, caller, request, question_id)
    if found.question is None:
        memo = await _stored(services, caller, request, question_id, found.place)
        # An answer of an earlier clock may lack a source that this question would find.
        return memo.model_copy(update={"flight": found.place and f"{found.place.key.whole}:{memo.seq}"})
    question = found.question
    _log.info("answered before", extra={"tenant": caller.tenant_id, "ref": question.id})
    return AskedMemo(
        question_id=question.id, seq=question.seq, asked_at=question.created_at, is_answered=True, view=found.view
    )


async def _stored(
    services: Services, caller: Caller, request: AnswerRequest, question_id: Id, place: CachePlace | None
) -> AskedMemo:
    """Its search begins meanwhile, if this process is to have its steps and no equal question is before it."""
    deps = services.answering
    async with embedding_meanwhile(deps, question_id, request, place) as embedding:
        if place is None or embedding is None or not services.workflows.answers_here:
            return await store(services, caller, request, question_id, place)
        with searching_meanwhile(deps, caller, request, question_id, place.seq, embedding):
            return await store(services, caller, request, question_id, place)


async def answer_together(
    services: Services, caller: Caller, request: AnswerRequest, memo: AskedMemo, deadline: Deadline
) -> AskedMemo:
    """Have a stored question answered, or wait for an equal one that is being answered, until its own deadline."""
    try:
        async with asyncio.timeout_at(deadline.answer):
            return await _together(services, caller, request, memo)
    except TimeoutError:
        return await fall(services, memo, DegradedReason.DEADLINE_PASSED)
    finally:
        if memo.question_id is not None:
            services.answering.under_way.drop_search(memo.question_id)


async def _together(services: Services, caller: Caller, request: AnswerRequest, memo: AskedMemo) -> AskedMemo:
    """Where the other one gets no answer, or one that this caller may not read whole any more, another one is made."""
    if memo.flight is None or memo.question_id is None:
        return await answer(services, caller, memo)
    while services.flights.is_led(memo.flight):
        with _following(services):
            answered = await services.flights.landed(memo.flight)
        if answered and await _shared(services, caller, memo.question_id, answered):
            return memo
    with services.flights.leading(memo.flight) as flight:
        done = await _led(services, caller, request, memo)
        flight.answered = memo.question_id if done.fallen is None else None
        return done


@contextmanager
def _following(services: Services) -> Generator[None]:
    """Waiting costs nothing: among those who follow an answer, if there is a place, the one of a question is free."""
    with ExitStack() as stack:
        with suppress(RateLimited):
            stack.enter_context(services.streams.one())
            stack.enter_context(services.questions.lent())
        yield


async def tell_recalled(services: Services, caller: Caller, question_id: Id) -> None:
    """Say an answer that was there before on the question's stream."""
    await tell_view(services.answering.tokens, await present(services.answering, caller, question_id))


async def _led(services: Services, caller: Caller, request: AnswerRequest, memo: AskedMemo) -> AskedMemo:
    """By the answer of a question in other words, else by a workflow."""
    if memo.question_id is not None:
        recalled = recall_similar(services.answering, caller, memo.question_id)
        if await _given(services, caller, memo.question_id, recalled):
            return memo
    return await answer(services, caller, memo)


async def _shared(services: Services, caller: Caller, question_id: Id, answered: Id) -> bool:
    return await _given(services, caller, question_id, share(services.answering, caller, question_id, answered))


async def _given(services: Services, caller: Caller, question_id: Id, giving: Coroutine[Any, Any, bool]) -> bool:
    """Whether there was an answer to give, which is told. What fails before that is as good as none."""
    try:
        if not await giving:
            return False
    except LetheError as error:
        _log.warning("no earlier answer", extra={"ref": question_id, "code": error.code})
        return False
    await tell_recalled(services, caller, question_id)
    return True
