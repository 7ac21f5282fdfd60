"""Answers by a stub of a language model: what Lethe adds to it, to its first token, to each, and to a dead provider."""

import bisect
import itertools
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from bench.query.bare import BarePath, bare_path
from bench.query.parts import Asking, spread
from bench.query.stub import Stub
from bench.report import Report
from lethe.model.answers import DegradedReason

OVERHEAD_LIMITS = (45.0, 90.0)
"""Milliseconds at p50 and p95."""
FIRST_TOKEN_LIMIT = 60.0
SUSPECTED = DegradedReason.QUESTION_SUSPECTED.value
LAG_LIMIT = 5.0
DEAD_LIMIT = 25.0
OPEN_LIMIT = 5.0
FIRST_TOKEN_SECONDS = 1.0
"""How long a dead provider is waited for."""
FAILURES_TO_OPEN = 5
SUSPECTED_MOST = 0.05
"""Share of the questions, six words in a row of a document, that may look like an attack and go to no model."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Milliseconds that Lethe adds somewhere, and how many it may."""

    name: str
    value: float
    limit: float


@dataclass(frozen=True, slots=True)
class Streamed:
    """One streamed answer: milliseconds to its first token and to its end, when each token came, and the end itself."""

    first: float
    whole: float
    tokens: tuple[float, ...]
    done: dict[str, Any]


async def generated(asking: Asking, stub: Stub, count: int, *, tolerance: float) -> Report:
    """Overhead and first token at a stub that answers at once, lag at one that answers slowly; then the first one dies.

    ``tolerance`` multiplies every limit.
    """
    report = Report()
    stub.quotes = True
    async with asking.client() as client, bare_path(asking.installation) as path:
        lethe, bare = await _in_turn(asking, client, path, stub, count)
        stub.quotes = False
        invented = [(await stream(client, question)).whole for question in _some(asking, count // 4)]
        stub.quotes = True
        stub.slowly()
        lags = [lag for question in _some(asking, max(count // 10, 3)) for lag in await _lags(client, stub, question)]
        stub.at_once()
        healthy = [(await stream(client, question)).whole for question in _some(asking, count // 4)]
        stub.hangs()
        dead = [(await stream(client, next(asking.questions))).whole for _ in range(FAILURES_TO_OPEN)]
        opened = [(await stream(client, question)).whole for question in _some(asking, count // 4)]
    middle = statistics.median(healthy)
    suspected = [one for one in lethe if SUSPECTED in one.done["degraded_reasons"]]
    lethe = [one for one in lethe if one not in suspected]
    answered, scripted = (spread([one.whole for one in streams]) for streams in (lethe, bare))
    first, bare_first = (statistics.median([one.first for one in streams]) for streams in (lethe, bare))
    measured = [
        Measured("overhead_p50", answered["p50"] - scripted["p50"], OVERHEAD_LIMITS[0]),
        Measured("overhead_p95", answered["p95"] - scripted["p95"], OVERHEAD_LIMITS[1]),
        Measured("first_token", first - bare_first, FIRST_TOKEN_LIMIT),
        Measured("lag_per_token", spread(lags)["p50"], LAG_LIMIT),
        Measured("dead_first_provider", statistics.median(dead) - middle - 1000 * FIRST_TOKEN_SECONDS, DEAD_LIMIT),
        Measured("open_breaker", statistics.median(opened) - middle, OPEN_LIMIT),
    ]
    modes = sorted({one.done["answer_mode"] for one in lethe})
    report.figures = {
        "questions": count,
        "suspected": len(suspected),
        "modes": modes,
        "degraded": sum(one.done["is_degraded"] for one in lethe),
        **{each.name: round(each.value, 1) for each in measured},
        "overhead_ungrounded": round(statistics.median(invented) - scripted["p50"], 1),
    }
    for each in measured:
        limit = each.limit * tolerance
        report.require(each.value <= limit, f"{each.name} is {each.value:.1f} ms, more than {limit}")
    report.require(modes == ["generated"], f"not all generated: {modes}")
    report.require(len(suspected) <= SUSPECTED_MOST * count, f"{len(suspected)} questions look like an attack")
    return report


def _some(asking: Asking, count: int) -> list[str]:
    return list(itertools.islice(asking.questions, count))


async def stream(client: httpx.AsyncClient, question: str) -> Streamed:
    """Ask for events and read them to the end. Raises HTTPStatusError."""
    started, tokens, name, done = time.perf_counter(), list[float](), "", dict[str, Any]()
    headers = {"Accept": "text/event-stream"}
    async with client.stream("POST", "/v1/query", json={"question": question}, headers=headers) as response:
        response.raise_for_status()
        async for line in response.aiter_lines():
            field, _, value = line.partition(": ")
            if field == "event":
                name = value
            elif field == "data" and name == "token":
                tokens.append(time.perf_counter())
            elif field == "data" and name in {"done", "error"}:
                done = json.loads(value)
    ended = time.perf_counter()
    first = tokens[0] if tokens else ended
    return Streamed((first - started) * 1000, (ended - started) * 1000, tuple(tokens), done)


async def _in_turn(
    asking: Asking, client: httpx.AsyncClient, path: BarePath, stub: Stub, count: int
) -> tuple[list[Streamed], list[Streamed]]:
    lethe: list[Streamed] = []
    bare: list[Streamed] = []
    async with httpx.AsyncClient(base_url=stub.provider.url, trust_env=False, timeout=60) as model:
        for number, question in enumerate(itertools.islice(asking.questions, count)):
            if number % 2:
                bare.append(await _bare(path, model, stub, question))
                lethe.append(await stream(client, question))
            else:
                lethe.append(await stream(client, question))
                bare.append(await _bare(path, model, stub, question))
    return lethe, bare


async def _bare(path: BarePath, model: httpx.AsyncClient, stub: Stub, question: str) -> Streamed:
    """Search, then stream from the model; nothing else."""
    started, tokens = time.perf_counter(), list[float]()
    await path.search(question)
    body = {"model": "stub", "stream": True, "max_tokens": 500, "messages": [{"role": "user", "content": question}]}
    headers = {"Authorization": f"Bearer {stub.provider.key}"}
    async with model.stream("POST", "/v1/chat/completions", json=body, headers=headers) as response:
        async for line in response.aiter_lines():
            if '"content": "' in line and '"content": ""' not in line:
                tokens.append(time.perf_counter())
    ended = time.perf_counter()
    return Streamed((tokens[0] - started) * 1000, (ended - started) * 1000, tuple(tokens), {})


async def _lags(client: httpx.AsyncClient, stub: Stub, question: str) -> Sequence[float]:
    """From what the model wrote last to each token that reaches the reader: a held back piece waits for the next."""
    heard = (await stream(client, question)).tokens
    spoken = list(stub.spoken)
    return [(at - spoken[place - 1]) * 1000 for at in heard if (place := bisect.bisect(spoken, at))]
