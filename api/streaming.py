"""An answer as server-sent events: what the steps say on the token bus, as far as rights go, then the whole answer.

The tokens are a preview: `done` carries the answer as it is stored and as its reader may see it now. Whoever comes back
with `Last-Event-ID`, to this process or, through Redis, to another one, goes on after that event.
"""

import asyncio
import json
import logging
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import Final

from fastapi import Response
from fastapi.responses import StreamingResponse

from api.asking import AskedMemo, is_answered, show
from api.deadlines import ending_at
from api.previews import GATE_SECONDS, Preview, Shown
from api.problems import Problems
from api.services import Services
from lethe import telemetry
from lethe.answering.request import AnswerRequest
from lethe.errors import DeadlineExceeded, StreamUnavailable, by_code
from lethe.model.answers import DegradedReason
from lethe.model.ids import Id
from lethe.model.principals import Caller
from lethe.ports.tokens import TokenEvent, TokenKind

MEDIA_TYPE: Final = "text/event-stream"
KEEP_ALIVE: Final = ": keep-alive\n\n"
HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""What keeps a proxy from holding events back."""
_FIRST_SECONDS: Final = 1.0
"""After this long without an event the response begins all the same."""
_LOOK_SECONDS: Final = 1.0
"""How often the ledger is asked whether an answer that another process waits for is there."""
_GRACE_SECONDS: Final = 0.5
"""How long events may still be on their way when the answer is there."""
_SLACK_SECONDS: Final = 5.0
"""How much longer than its deadline a question of another process is waited for."""
_LONGEST_ID: Final = 16
_ENDS: Final = frozenset({TokenKind.DONE, TokenKind.ERROR})
_LINE_ENDS: Final = str.maketrans({end: f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"})
"""What some readers end a line at, though the standard does not, as JSON may write it inside a string."""

_Waiting = asyncio.Queue[TokenEvent | None]
"""None: look whether it has ended."""

_log: Final = logging.getLogger(__name__)


@dataclass(slots=True)
class AnswerStream:
    """The events of one question for one reader.

    ``after`` is the last event the reader has. ``running`` is the wait for the answer, if this process waits for it;
    ``until``: when the question's time ends, for the one who asks it.
    """

    services: Services
    caller: Caller
    request: AnswerRequest
    memo: AskedMemo
    after: int = 0
    running: asyncio.Task[AskedMemo] | None = None
    until: float | None = None
    _started: float = 0.0
    _looked: float = 0.0
    _spoken: float = 0.0
    _ending: float | None = None
    _last: int = 0
    _told_end: int = 0
    _is_over: bool = False

    async def events(self) -> AsyncGenerator[str]:
        """Until `done` or `error`; nothing at all for a reader who has the last event already.

        Raises what goes wrong before the first one.
        """
        self._started = self._looked = time.monotonic()
        self._spoken = self._started + _FIRST_SECONDS - self.services.settings.api.keep_alive_seconds
        is_begun = False
        # Who asks has a place among the questions already.
        place = self.services.streams.one() if self.running is None else nullcontext()
        try:
            async with AsyncExitStack() as stack:
                stack.enter_context(place)
                texts = await stack.enter_async_context(aclosing(self._texts_of_all()))
                async for text in texts:
                    is_begun = True
                    yield text
        except Exception as error:
            if not is_begun:
                raise
            yield _event(self._end_id, TokenKind.ERROR, Problems(self.services.settings.api.docs_url).body(error))

    async def _texts_of_all(self) -> AsyncGenerator[str]:
        if self.memo.question_id is None:
            yield await self._done(self.memo)
            return
        async with aclosing(self._following(self.memo.question_id)) as following:
            async for text in following:
                yield text

    async def _following(self, question_id: Id) -> AsyncGenerator[str]:
        preview = Preview(self.services.answering, self.caller, self.memo.seq or 0, self.memo.found_for)
        async with self._listening(question_id) as waiting:
            while not self._is_over:
                event = await _next(waiting)
                texts = await (self._idle(question_id, preview) if event is None else self._hear(event, preview))
                for text in texts:
                    self._spoken = time.monotonic()
                    yield text

    @asynccontextmanager
    async def _listening(self, question_id: Id) -> AsyncGenerator[_Waiting]:
        waiting: _Waiting = asyncio.Queue()
        listening = asyncio.create_task(self._listen(question_id, waiting))
        if self.running is not None:
            self.running.add_done_callback(lambda _: waiting.put_nowait(None))
        try:
            yield waiting
        finally:
            listening.cancel()
            await asyncio.wait({listening})

    async def _listen(self, question_id: Id, waiting: _Waiting) -> None:
        """From the first event on, whatever the reader has: earlier ones tell what later ones are made of."""
        try:
            async with aclosing(self.services.answering.tokens.follow(question_id)) as following:
                async for event in following:
                    waiting.put_nowait(event)
        except StreamUnavailable as error:
            _log.warning("stream without tokens", extra={"ref": question_id, "code": error.code})

    async def _hear(self, event: TokenEvent, preview: Preview) -> Sequence[str]:
        shown = await preview.look()
        self._last = event.id
        is_news = event.id > self.after
        if event.kind in _ENDS:
            if not self._is_told(event):
                return self._texts(shown)
            self._is_over, self._told_end = True, event.id
            return [await self._end(event)] if is_news else []
        taken = await preview.take(event)
        # What became of sources is news also to those who were told of them.
        return self._texts(shown + (taken if is_news or event.kind is TokenKind.SOURCES else []))

    async def _idle(self, question_id: Id, preview: Preview) -> Sequence[str]:
        if not await self._has_ended(question_id):
            return self._texts(await preview.look()) or self._keep_alive()
        self._is_over = True
        return [await self._done(self.memo if self.running is None else self.running.result())]

    def _is_told(self, event: TokenEvent) -> bool:
        """Whether the bus has the last word: not where this process knows itself how the wait for an answer ends."""
        is_answer = event.kind is TokenKind.DONE and "fallen" not in event.data
        return is_answer or self.running is None

    async def _end(self, event: TokenEvent) -> str:
        if event.kind is TokenKind.ERROR:
            raise by_code(str(event.data.get("code")))
        fallen = DegradedReason(str(event.data["fallen"])) if "fallen" in event.data else None
        return await self._done(self.memo.model_copy(update={"fallen": fallen}))

    async def _has_ended(self, question_id: Id) -> bool:
        """Whether there is nothing to wait for any more. Raises DeadlineExceeded."""
        now = time.monotonic()
        if self._ending is None and await self._is_answered(question_id, now):
            self._ending = now + _GRACE_SECONDS
        if self._ending is not None:
            return now >= self._ending
        longest = self.services.settings.limits.question_seconds + _SLACK_SECONDS
        if self.running is None and now - self._started > longest:
            raise DeadlineExceeded
        return False

    async def _is_answered(self, question_id: Id, now: float) -> bool:
        if self.running is not None:
            return self.running.done()
        if now - self._looked < _LOOK_SECONDS:
            return False
        self._looked = now
        return await is_answered(self.services, self.caller, question_id)

    async def _done(self, memo: AskedMemo) -> str:
        async with ending_at(self.until):
            answer = await show(self.services, self.caller, self.request, memo)
        if self.running is not None:
            telemetry.QUERY_DURATION.observe(time.monotonic() - self._started)
            telemetry.QUERIES.labels(answer.answer_mode or "none").inc()
        return _event(self._end_id, TokenKind.DONE, answer.model_dump_json())

    @property
    def _end_id(self) -> int:
        """Of the last event: as the bus counted it where it was told there, else one more than all before."""
        return self._told_end or max(self._last, self.after) + 1

    def _texts(self, shown: Sequence[Shown]) -> list[str]:
        return [_event(self._last, kind, json.dumps(data)) for kind, data in shown]

    def _keep_alive(self) -> Sequence[str]:
        is_due = time.monotonic() - self._spoken >= self.services.settings.api.keep_alive_seconds
        return [KEEP_ALIVE] if is_due else []


async def stream_response(stream: AnswerStream) -> Response:
    """The events as they come; 204, which ends a browser's reconnecting, for a reader who has the last one already."""
    events = stream.events()
    headers = dict(HEADERS)
    if stream.memo.question_id is not None:
        headers["Content-Location"] = f"/v1/queries/{stream.memo.question_id}"
    first = await anext(events, None)
    if first is None:
        return Response(status_code=204, headers=headers)
    return StreamingResponse(_from(first, events), media_type=MEDIA_TYPE, headers=headers)


async def _from(first: str, rest: AsyncGenerator[str]) -> AsyncGenerator[str]:
    async with aclosing(rest):
        yield first
        async for text in rest:
            yield text


async def _next(waiting: _Waiting) -> TokenEvent | None:
    """None where nothing came for a while."""
    try:
        async with asyncio.timeout(GATE_SECONDS):
            return await waiting.get()
    except TimeoutError:
        return None


def _event(event_id: int, kind: TokenKind, data: str) -> str:
    """``data`` is JSON on one line."""
    return f"id: {event_id}\nevent: {kind}\ndata: {data.translate(_LINE_ENDS)}\n\n"


def event_id(text: str | None) -> int:
    """What `Last-Event-ID` says; from the beginning for what no event was ever called."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < _LONGEST_ID else 0
