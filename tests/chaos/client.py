"""HTTP as a careful client speaks it: what has no definite answer is sent again under the same Idempotency-Key."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import httpx

from tests.chaos.book import Book

_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_IN_FLIGHT = "idempotency_in_flight"
_PAUSES = (0.2, 0.5, 1.0, 2.0, 3.0)


@dataclass(frozen=True, slots=True)
class Reply:
    """A definite answer. ``is_repeated``: an earlier sending may have had the effect already."""

    status: int
    body: dict[str, Any]
    is_repeated: bool

    @property
    def code(self) -> str:
        return str(self.body.get("code", ""))


@dataclass(slots=True)
class Client:
    """One API key. ``give_up`` is set when the suite stops waiting for definite answers."""

    http: httpx.AsyncClient
    key: str
    book: Book
    give_up: asyncio.Event

    async def change(self, method: str, path: str, json: Any = None, idempotency_key: str = "") -> Reply | None:
        """Send until the answer is definite; None if the suite gave up first."""
        headers = {"X-API-Key": self.key}
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        self.book.writing += 1
        try:
            for sending in range(10_000):
                if self.give_up.is_set():
                    return None
                if sending:
                    self.book.counts["sent_again"] += 1
                    await asyncio.sleep(_PAUSES[min(sending, len(_PAUSES)) - 1])
                answer = await self._send(method, path, json, headers)
                if answer is not None and not self._is_open(answer):
                    return Reply(answer.status_code, _body(answer), is_repeated=sending > 0)
        finally:
            self.book.writing -= 1
        return None

    async def ask(self, path: str, json: Any) -> tuple[float, dict[str, Any]] | None:
        """Ask once: when it was sent, and the answer; None where there was none."""
        began = time.monotonic()
        answer = await self._send("POST", path, json, {"X-API-Key": self.key})
        if answer is None or answer.status_code != 200:
            return None
        return began, answer.json()

    async def get(self, path: str) -> httpx.Response | None:
        return await self._send("GET", path, None, {"X-API-Key": self.key})

    async def _send(self, method: str, path: str, json: Any, headers: dict[str, str]) -> httpx.Response | None:
        try:
            answer = await self.http.request(method, path, json=json, headers=headers)
        except httpx.TransportError:
            self.book.counts["cut"] += 1
            return None
        self.book.counts[f"http_{answer.status_code}"] += 1
        if answer.status_code == 500:
            self.book.accuse("internal_error", f"{method} {path.partition('?')[0]}: {_body(answer).get('code')}")
        return answer

    def _is_open(self, answer: httpx.Response) -> bool:
        if answer.status_code in _AGAIN:
            return True
        return answer.status_code == 409 and _body(answer).get("code") == _IN_FLIGHT


def _body(answer: httpx.Response) -> dict[str, Any]:
    try:
        return answer.json()
    except ValueError:
        return {}
