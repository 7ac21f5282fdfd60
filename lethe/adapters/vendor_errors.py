"""From what a vendor's HTTP API answers to our errors: the one translator for embedding, rerank and language models."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import httpx
import httpx2

from lethe.errors import LetheError, Unavailable

LONGEST_DELAY: Final = 600.0
"""Seconds; a vendor that asks for more is tried again then."""

_NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout,
                    httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)  # fmt: skip
_PASSING: Final = frozenset({408, 409, 425, 429, 499})
"""Client errors that another attempt may not meet. 499: the vendor says we went away."""
_OVERFLOW: Final = ("context_length_exceeded", "maximum context length", "maximum input length", "too many tokens",
                    "token limit", "max tokens", "too long")  # fmt: skip


class InputTooLong(Exception):
    """The vendor counted more tokens than its model takes: the caller sends less. Never leaves the adapters."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A call that gave no answer. ``status`` is None where none came (connection, time limit).

    ``told`` is the body's words: to be searched for known codes, never kept, since vendors quote what they were sent.
    """

    status: int | None
    headers: Mapping[str, str]
    told: str = ""


def error_of(
    refusal: Refusal, unavailable: type[Unavailable], refused: type[LetheError], now: datetime | None = None
) -> LetheError | InputTooLong:
    """The error to raise: ``unavailable`` for what may pass, with the delay the vendor asks for, else ``refused``."""
    status = refusal.status
    if status is None:
        return unavailable("no answer").unanswered()
    if status in _PASSING or status >= 500 or status < 300:
        return unavailable(f"HTTP {status}", asked_delay=asked_delay(refusal.headers, now))
    if status in {400, 413, 422} and any(words in refusal.told.lower() for words in _OVERFLOW):
        return InputTooLong()
    return refused(f"HTTP {status}")


def no_answer(kind: type[Unavailable], error: Exception) -> Unavailable:
    """Of a connection that broke or took too long; only without any was nothing sent that may be charged for."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, _NOT_SENT):
            return kind("no answer")
        cause = cause.__cause__
    return kind("no answer").unanswered()


def asked_delay(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds to wait as `retry-after-ms` or `Retry-After` (seconds, or a date) say; None without a usable one."""
    lower = {name.lower(): value for name, value in headers.items()}
    found = _seconds(lower.get("retry-after-ms"), 0.001)
    if found is None:
        found = _seconds(lower.get("retry-after"), 1.0)
    if found is None:
        found = _until(lower.get("retry-after"), now or datetime.now(UTC))
    return None if found is None else min(max(found, 0.0), LONGEST_DELAY)


def _seconds(text: str | None, unit: float) -> float | None:
    try:
        value = float(text or "") * unit
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _until(text: str | None, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds()
