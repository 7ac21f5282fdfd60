"""What the steps read and write: the question, its draft, its answer."""

import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from tenacity import AsyncRetrying, retry_if_exception_type, stop_before_delay, wait_exponential_jitter

from lethe.answering.caching.exact import Keeping
from lethe.answering.costs import split_costs
from lethe.answering.deps import Answering
from lethe.answering.request import AnswerRequest
from lethe.answering.traces import seal_trace
from lethe.answering.under_way import Asked
from lethe.contracts.answering import AnswerOutcome, Drafted, QuestionRef, Retrieved
from lethe.errors import LedgerUnavailable, QuestionNotFound
from lethe.model.answers import Answer, DegradedReason, Question, QuestionState
from lethe.model.ids import Id
from lethe.ports.ledger import UnitOfWork
from lethe.ports.search import Passage

_STORING_SECONDS: Final = 3.0
_FIRST_WAIT: Final = 0.1
_LONGEST_WAIT: Final = 0.5


async def load(deps: Answering, ref: QuestionRef, *, anew: bool = False) -> Asked:
    """The question as it was stored. Raises QuestionNotFound, KeyDestroyed.

    ``anew``: not as this process remembers it, because what follows is paid for, or tells somebody outside.
    """
    known = None if anew else deps.under_way.asked(ref.question_id)
    if known is not None:
        return known
    async with deps.ledger.read() as uow:
        question = await uow.questions.get(ref.tenant_id, ref.question_id)
    if question is None:
        raise QuestionNotFound
    key = await deps.keyring.get(ref.tenant_id, ref.question_id)
    return Asked(question, key, AnswerRequest.opened(key, question.sealed_request))


async def store(deps: Answering, answer: Answer, state: QuestionState, keeping: Keeping | None = None) -> QuestionState:
    """Write the answer unless its question was deleted, or answered by an attempt thought lost, meanwhile.

    Returns the state it was in before. ``keeping``: for the next one who asks the same.
    """
    async with deps.ledger.write() as uow:
        return (await _write(uow, answer, state, keeping))[0]


async def store_unmoved(deps: Answering, answer: Answer, seq: int, keeping: Keeping | None) -> Answer | None:
    """`store` a final answer while the tenant's clock stands at ``seq``; None where it was left undone.

    Returns it as it was stored.
    """
    async with deps.ledger.write() as uow:
        if await uow.tenants.pinned_seq(answer.tenant_id) != seq:
            return None
        before, answer = await _write(uow, answer, QuestionState.ANSWERED, keeping)
    return None if before is QuestionState.ANSWERED else answer


async def _write(
    uow: UnitOfWork, answer: Answer, state: QuestionState, keeping: Keeping | None
) -> tuple[QuestionState, Answer]:
    question = await uow.questions.get(answer.tenant_id, answer.question_id)
    if question is None:
        raise QuestionNotFound
    if question.state is QuestionState.ANSWERED:
        return question.state, answer
    if state is QuestionState.ANSWERED:
        answer = await _with_costs(uow, answer)
    await uow.questions.put_answer(answer, is_first=question.state is QuestionState.ASKED)
    await uow.questions.set_state(answer.tenant_id, answer.question_id, state)
    if keeping is not None:
        await keeping.write(uow)
    return question.state, answer


async def _with_costs(uow: UnitOfWork, answer: Answer) -> Answer:
    costs = split_costs(await uow.processor_calls.about(answer.tenant_id, answer.question_id))
    provenance = replace(answer.provenance, costs_micros=costs, cost_micros=costs["total"])
    return replace(answer, provenance=provenance)


async def store_paid(
    deps: Answering, answer: Answer, state: QuestionState, keeping: Keeping | None = None, *, seconds: float
) -> QuestionState:
    """`store`, again for up to ``seconds`` while the ledger does not answer: what was paid for is not lost to that."""
    async for each in AsyncRetrying(
        retry=retry_if_exception_type(LedgerUnavailable),
        stop=stop_before_delay(min(seconds, _STORING_SECONDS)),
        wait=wait_exponential_jitter(multiplier=_FIRST_WAIT, max=_LONGEST_WAIT, jitter=_FIRST_WAIT),
        reraise=True,
    ):
        with each:
            return await store(deps, answer, state, keeping)
    raise AssertionError("the last try raises")


async def paid_draft(deps: Answering, retrieved: Retrieved) -> Drafted | None:
    """What a model's turn stored before its end was lost: it is not made, and not paid, again."""
    ref = retrieved.question
    async with deps.ledger.read() as uow:
        draft = await uow.questions.answer(ref.tenant_id, ref.question_id)
    return None if draft is None else Drafted(retrieved=retrieved, mode=draft.mode, is_judged=True)


async def passages_of(deps: Answering, question: Question, retrieved: Retrieved) -> list[Passage]:
    """What was found, as far as the one who asked may still read it."""
    scores = {passage.chunk_id: passage.score for passage in retrieved.passages}
    readers = frozenset(question.readers)
    return await deps.search.reopen(question.tenant_id, scores, seq=question.seq, readers=readers)


def sealed_trace(deps: Answering, key: bytes, question_id: Id) -> bytes | None:
    """How the passages were come by, if this process knows it."""
    trace = deps.under_way.trace(question_id)
    return None if trace is None else seal_trace(key, trace)


def merged(*groups: Iterable[DegradedReason]) -> tuple[DegradedReason, ...]:
    """Each reason once, in order."""
    return tuple(dict.fromkeys(reason for group in groups for reason in group))


def outcome(answer: Answer) -> AnswerOutcome:
    """An answer told in counts."""
    return AnswerOutcome(
        mode=answer.mode,
        citations=len(answer.citations),
        is_degraded=answer.is_degraded,
        reasons=list(answer.degraded_reasons),
    )


def elapsed_ms(started: float) -> float:
    """Since a time of time.perf_counter()."""
    return round((time.perf_counter() - started) * 1000, 1)
