"""Answers by a stub of a language model: what Lethe adds to it, to its first token, to each, and to a dead provider."""

import statistics
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import httpx

from bench.query.bare import BarePath, bare_path
from bench.query.parts import Asking, spread
from bench.query.questions import unsuspected
from bench.query.streaming import Streamed, bare_stream, lags, stream
from bench.query.stub import Stub
from bench.report import Report
from lethe.model.answers import DegradedReason

OVERHEAD_LIMITS = (45.0, 90.0)
"""Milliseconds at p50 and p95."""
FIRST_TOKEN_LIMIT = 60.0
LAG_LIMIT = 5.0
DEAD_LIMIT = 25.0
OPEN_LIMIT = 5.0
FIRST_TOKEN_SECONDS = 1.0
"""How long a dead provider is waited for."""
FAILURES_TO_OPEN = 5
LEAST_OF_A_KIND = 0.4
"""Share of the questions: a passage may have no sentence to quote, and then the answer is of the other kind."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Milliseconds that Lethe adds somewhere, and how many it may."""

    name: str
    value: float
    limit: float


@dataclass(frozen=True, slots=True)
class Pair:
    """A question to Lethe, and to the bare path, whose model says the words that it has just said to Lethe.

    ``is_grounded``: they were a passage's.
    """

    lethe: Streamed
    bare: Streamed
    is_grounded: bool


async def generated(asking: Asking, stub: Stub, count: int, *, tolerance: float) -> Report:
    """Overhead and first token at a stub that answers at once, lag at one that answers slowly; then the first one dies.

    ``tolerance`` multiplies every limit.
    """
    async with asking.client() as client, bare_path(asking.installation) as path:
        questions = unsuspected(asking.questions, path.embedder)
        pairs = await _pairs(questions, client, path, stub, count)
        providers = await _providers(questions, client, stub, count)
    grounded = [pair for pair in pairs if pair.is_grounded]
    invented = [pair for pair in pairs if not pair.is_grounded]
    measured = [*_overhead("overhead", grounded), *_overhead("overhead_ungrounded", invented), *providers]
    report = Report()
    modes = Counter(str(pair.lethe.done["answer_mode"]) for pair in pairs)
    degraded = _degraded(pairs)
    report.figures = {
        "questions": {"grounded": len(grounded), "ungrounded": len(invented)},
        "modes": dict(modes),
        "degraded": dict(degraded),
        **{each.name: round(each.value, 1) for each in measured},
    }
    for each in measured:
        limit = each.limit * tolerance
        report.require(each.value <= limit, f"{each.name} is {each.value:.1f} ms, more than {limit}")
    report.require(set(modes) == {"generated"}, f"not all generated: {dict(modes)}")
    report.require(not degraded, f"not as good as they could be: {dict(degraded)}")
    least = min(len(grounded), len(invented))
    report.require(least >= LEAST_OF_A_KIND * len(pairs), f"only {least} of a kind, of {len(pairs)}")
    return report


async def _pairs(
    questions: AsyncIterator[str], client: httpx.AsyncClient, path: BarePath, stub: Stub, count: int
) -> list[Pair]:
    """The stub quotes a passage at every second one. Lethe comes first: the bare path has what that made warm."""
    pairs: list[Pair] = []
    async with httpx.AsyncClient(base_url=stub.provider.url, trust_env=False, timeout=60) as model:
        for number in range(2 * count):
            stub.quotes = number % 2 == 0
            question = await anext(questions)
            lethe = await stream(client, question)
            is_grounded = not stub.has_invented
            pairs.append(Pair(lethe, await bare_stream(path, model, stub, question), is_grounded))
    stub.quotes = True
    return pairs


async def _providers(
    questions: AsyncIterator[str], client: httpx.AsyncClient, stub: Stub, count: int
) -> list[Measured]:
    async def whole(times: int) -> list[float]:
        return [(await stream(client, await anext(questions))).whole for _ in range(times)]

    stub.slowly()
    lagging = [lag for _ in range(max(count // 10, 3)) for lag in await lags(client, stub, await anext(questions))]
    stub.at_once()
    healthy = statistics.median(await whole(count // 4))
    stub.hangs()
    dead = statistics.median(await whole(FAILURES_TO_OPEN))
    opened = statistics.median(await whole(count // 4))
    return [
        Measured("lag_per_token", spread(lagging)["p50"], LAG_LIMIT),
        Measured("dead_first_provider", dead - healthy - 1000 * FIRST_TOKEN_SECONDS, DEAD_LIMIT),
        Measured("open_breaker", opened - healthy, OPEN_LIMIT),
    ]


def _overhead(name: str, pairs: Sequence[Pair]) -> list[Measured]:
    if not pairs:
        return []
    lethe, bare = spread([pair.lethe.whole for pair in pairs]), spread([pair.bare.whole for pair in pairs])
    first, bare_first = (statistics.median(each) for each in _firsts(pairs))
    return [
        Measured(f"{name}_p50", lethe["p50"] - bare["p50"], OVERHEAD_LIMITS[0]),
        Measured(f"{name}_p95", lethe["p95"] - bare["p95"], OVERHEAD_LIMITS[1]),
        Measured(f"{name}_first_token", first - bare_first, FIRST_TOKEN_LIMIT),
    ]


def _firsts(pairs: Sequence[Pair]) -> tuple[list[float], list[float]]:
    return [pair.lethe.first for pair in pairs], [pair.bare.first for pair in pairs]


def _degraded(pairs: Sequence[Pair]) -> Counter[str]:
    """Reasons that are not what the stub was told to bring about."""
    told = Counter(reason for pair in pairs for reason in pair.lethe.reasons if pair.is_grounded)
    others = Counter(reason for pair in pairs for reason in pair.lethe.reasons if not pair.is_grounded)
    del others[DegradedReason.UNGROUNDED.value]
    return told + others
