"""Calls of one model: the prompt, the tries, and what was heard."""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, stop_before_delay
from tenacity.wait import wait_exponential_jitter

from lethe.answering.chain import Chain, Link, attempt
from lethe.answering.context import Context, build_context
from lethe.answering.deps import Answering
from lethe.answering.output_filter import StreamFilter
from lethe.answering.screening import Screened
from lethe.answering.speaking import Speaker
from lethe.answering.telling import tell_sources
from lethe.contracts.answering import Retrieved, Turn
from lethe.errors import BreakerOpen, LetheError, ModelContextOverflow, ModelUnavailable
from lethe.guards.delimiters import Delimiters
from lethe.model.answers import Question
from lethe.model.processors import Origin
from lethe.ports.chat import LENGTH, REFUSAL, ChatDelta
from lethe.ports.search import Passage

TRIES_OF_THE_LAST: Final = 3
_FIRST_WAIT: Final = 1.0
_LONGEST_WAIT: Final = 10.0
_WORTH_A_CALL: Final = 1.0
"""Seconds below which no further call is begun."""
_AROUND_PASSAGES: Final = 1_000
"""Tokens of a prompt besides its passages, at most."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a turn works with."""

    deps: Answering
    chain: Chain
    link: Link
    question: Question
    key: bytes
    text: str
    retrieved: Retrieved
    screened: Screened


@dataclass(slots=True)
class Heard:
    """A model's answer as far as it came. ``last``: its last piece, which says why it ended, if it does."""

    speaker: Speaker
    shown: Mapping[int, Passage]
    context: Context
    last: ChatDelta = field(default_factory=partial(ChatDelta, ""))
    has_begun: bool = False

    @property
    def is_cut(self) -> bool:
        """Whether it ended before its end."""
        return self.last.finish_reason in {"", LENGTH}


class Tries:
    """The calls of one turn: one while another model follows, else up to three within the time."""

    def __init__(self, work: Work, turn: Turn) -> None:
        self._work = work
        self._turn = turn
        self._until = asyncio.get_running_loop().time() + turn.seconds
        self._budget = _budget(work)
        self.failures: list[str] = []

    async def made(self) -> Heard:
        """The first that gives an answer, whole or cut. Raises what the last one did."""
        async for each in AsyncRetrying(
            retry=retry_if_exception(self._may_try_again),
            stop=stop_after_attempt(TRIES_OF_THE_LAST if self._turn.is_last else 1)
            | stop_before_delay(max(0.0, self._turn.seconds - _WORTH_A_CALL)),
            wait=_wait,
            reraise=True,
        ):
            with each:
                return await self._call()
        raise AssertionError("the last try raises")

    def _may_try_again(self, error: BaseException) -> bool:
        if isinstance(error, ModelContextOverflow):
            self._budget //= 2
        is_worth_it = isinstance(error, ModelUnavailable | ModelContextOverflow)
        return is_worth_it and not isinstance(error, BreakerOpen)

    async def _call(self) -> Heard:
        try:
            left = max(0.0, self._until - asyncio.get_running_loop().time())
            return await _listen(self._work, self._budget, left)
        except LetheError as error:
            self.failures.append(attempt(self._turn.model, error.code))
            raise


def _wait(state: RetryCallState) -> float:
    """What the provider asked for, else longer each time."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, LetheError) and error.asked_delay is not None:
        return error.asked_delay
    if isinstance(error, ModelContextOverflow):
        return 0.0
    return wait_exponential_jitter(multiplier=_FIRST_WAIT, max=_LONGEST_WAIT)(state)


def _budget(work: Work) -> int:
    """Tokens of passages; half as many where a model that takes no less found them too many."""
    entry = work.link.entry
    room = max(0, entry.context_tokens - work.chain.settings.max_tokens - _AROUND_PASSAGES)
    budget = min(work.chain.settings.context_tokens, room)
    too_long = {each.partition(" ")[0] for each in work.retrieved.attempts if each.endswith(ModelContextOverflow.code)}
    smaller = [other for other in work.chain.links if other.name in too_long]
    return budget // 2 if any(other.entry.context_tokens >= entry.context_tokens for other in smaller) else budget


async def _listen(work: Work, budget: int, seconds: float) -> Heard:
    """One call. An answer that breaks off after its first token is heard as far as it came; before, it is raised."""
    context = build_context(work.text, work.screened.shown, budget, compress=work.chain.settings.compress_context)
    shown = {one.number: work.screened.shown[one.passage] for one in context.shown}
    marks, settings, prompt = Delimiters.fresh(), work.chain.settings, work.chain.prompt
    asked = prompt.request(work.text, context.shown, marks, settings.max_tokens, settings.temperature)
    speaker = Speaker(work.deps.tokens, work.question.id, shown, _filter(work, shown, marks))
    await tell_sources(work.deps.tokens, work.question.id, [passage.chunk_id for passage in shown.values()])
    refs = frozenset({work.question.id, *(passage.document_id for passage in shown.values())})
    origin = Origin(work.question.tenant_id, refs, work.question.principal_id)
    heard = Heard(speaker, shown, context)
    try:
        async with asyncio.timeout(seconds), aclosing(work.link.model.stream(replace(asked, origin=origin))) as deltas:
            async for delta in deltas:
                heard.last, heard.has_begun = delta, heard.has_begun or bool(delta.text)
                await speaker.hear(delta.text)
    except TimeoutError:
        if not heard.has_begun:
            raise ModelUnavailable("The question's time is up.") from None
    except LetheError:
        if not heard.has_begun:
            raise
    if not heard.has_begun and heard.last.finish_reason != REFUSAL:
        raise ModelUnavailable("The answer is empty.")
    await speaker.close()
    return heard


def _filter(work: Work, shown: Mapping[int, Passage], marks: Delimiters) -> StreamFilter:
    sources = [text for one in shown.values() for text in (one.text, one.title, one.section, one.source_uri)]
    prompt = work.chain.prompt.system.template
    return StreamFilter(sources, prompt=prompt, nonce=marks.nonce, question=work.text)
