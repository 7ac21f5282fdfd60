"""The parts of the benchmark; each returns figures (in milliseconds unless a name says else) and what was wrong."""

import asyncio
import itertools
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from bench.installation import Installation, Taken
from bench.query.bare import bare_path
from bench.report import Report

CALLERS = (1, 2, 4, 8, 16, 50)
PACE_SECONDS = 0.5
REQUEST_SECONDS = 60.0


@dataclass(slots=True)
class Answers:
    """What came back: milliseconds of each answer, and of each refusal, by status."""

    by_status: dict[int, list[float]] = field(default_factory=dict[int, list[float]])
    modes: Counter[str] = field(default_factory=Counter[str])

    def add(self, status: int, milliseconds: float) -> None:
        self.by_status.setdefault(status, []).append(milliseconds)

    @property
    def ok(self) -> list[float]:
        return self.by_status.get(200, [])

    def others(self, *expected: int) -> dict[int, int]:
        return {status: len(took) for status, took in self.by_status.items() if status not in expected}


@dataclass(frozen=True, slots=True)
class Asking:
    """A running installation and questions that were never asked before."""

    installation: Installation
    questions: Iterator[str]

    def client(self) -> httpx.AsyncClient:
        api = self.installation.api
        return httpx.AsyncClient(
            base_url=api.base_url,
            headers={"X-API-Key": api.headers["X-API-Key"]},
            timeout=REQUEST_SECONDS,
            trust_env=False,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=100),
        )


async def ask(client: httpx.AsyncClient, question: str, into: Answers) -> httpx.Response:
    """Ask, and note how long it took."""
    started = time.perf_counter()
    response = await client.post("/v1/query", json={"question": question})
    into.add(response.status_code, (time.perf_counter() - started) * 1000)
    if response.status_code == 200:
        into.modes[response.json()["answer_mode"]] += 1
    return response


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile; 0 of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def spread(values: Sequence[float]) -> dict[str, float]:
    """The middle and the slow end."""
    return {"p50": round(percentile(values, 0.5), 1), "p95": round(percentile(values, 0.95), 1)}


async def overhead(asking: Asking, count: int, limits: tuple[float, float]) -> Report:
    """A question through the API and through the bare path, in turn: what Lethe adds."""
    report, answers, bare = Report(), Answers(), list[float]()
    async with asking.client() as client, bare_path(asking.installation) as path:
        for number, question in enumerate(itertools.islice(asking.questions, count)):
            if number % 2:
                bare.append(await _timed_search(path.search, question))
                await ask(client, question, answers)
            else:
                await ask(client, question, answers)
                bare.append(await _timed_search(path.search, question))
    added = {name: round(value - spread(bare)[name], 1) for name, value in spread(answers.ok).items()}
    report.figures = {
        "questions": count,
        "modes": dict(answers.modes),
        "lethe": spread(answers.ok),
        "bare": spread(bare),
        "overhead": added,
        "limits": limits,
    }
    report.require(not answers.others(200), f"answers that were none: {answers.others(200)}")
    for (name, value), limit in zip(added.items(), limits, strict=True):
        report.require(value <= limit, f"{name}: Lethe adds {value} ms, more than {limit}")
    return report


async def _timed_search(search: Callable[[str], Awaitable[object]], question: str) -> float:
    started = time.perf_counter()
    await search(question)
    return (time.perf_counter() - started) * 1000


async def cached(asking: Asking, count: int, *, limit: float) -> Report:
    """The same question again and again: after the first time, from the cache."""
    report, again = Report(), Answers()
    question, first = await _answered(asking)
    async with asking.client() as client:
        for _ in range(count):
            body = (await ask(client, question, again)).json()
            report.require(body["provenance"]["cached_at"] is not None, "an answer that was not kept")
    report.figures = {"first": round(first, 1), "hits": len(again.ok), **spread(again.ok), "limit": limit}
    report.require(spread(again.ok)["p50"] <= limit, f"a hit took {spread(again.ok)['p50']} ms, more than {limit}")
    return report


async def _answered(asking: Asking) -> tuple[str, float]:
    """A question whose answer was made and is kept, word by word as it will be asked again; and how long that took."""
    async with asking.client() as client:
        while True:
            question, answers = next(asking.questions), Answers()
            body = (await ask(client, question, answers)).json()
            if body["answer_mode"] == "extractive" and not body["is_degraded"]:
                return question, answers.ok[0]


async def load(asking: Asking, seconds: float, *, least_rate: float) -> Report:
    """Ever more callers that ask without a pause, and come back when a refusal says."""
    report = Report()
    rates: dict[int, float] = {}
    refusals: list[float] = []
    others: Counter[int] = Counter()
    slow: dict[int, dict[str, float]] = {}
    async with asking.client() as client:
        for callers in CALLERS:
            answers = Answers()
            started = time.perf_counter()
            await asyncio.gather(
                *(_caller(client, asking.questions, started + seconds, answers) for _ in range(callers))
            )
            rates[callers] = round(len(answers.ok) / (time.perf_counter() - started), 1)
            slow[callers] = spread(answers.ok)
            refusals += answers.by_status.get(429, [])
            others.update(answers.others(200, 429))
    peak = max(rates.values())
    report.figures = {
        "answers_per_second": rates,
        "answered": slow,
        "share_of_peak_at_50": round(rates[CALLERS[-1]] / peak, 3),
        "refused": {"count": len(refusals), **spread(refusals)},
        "others": dict(others),
    }
    report.require(not others, f"neither 200 nor 429: {dict(others)}")
    report.require(peak >= least_rate, f"{peak} distinct questions a second, fewer than {least_rate}")
    report.require(rates[CALLERS[-1]] >= 0.8 * peak, f"at 50 callers {rates[CALLERS[-1]]} of {peak} a second")
    report.require(spread(refusals)["p95"] <= 50, f"a refusal took {spread(refusals)['p95']} ms")
    return report


async def _caller(client: httpx.AsyncClient, questions: Iterator[str], until: float, answers: Answers) -> None:
    while time.perf_counter() < until:
        response = await ask(client, next(questions), answers)
        if response.status_code == 429:
            await asyncio.sleep(min(float(response.headers["retry-after"]), max(0.0, until - time.perf_counter())))


async def ingesting(asking: Asking, folder: Path, seconds: float) -> Report:
    """Two questions a second while nothing else happens, then while a folder is brought in."""
    report = Report()
    async with asking.client() as client:
        until = time.perf_counter() + seconds
        idle = await paced(client, asking.questions, lambda: time.perf_counter() < until)
        taken: list[Taken] = []
        bringing = threading.Thread(target=lambda: taken.append(asking.installation.ingest(folder)))
        bringing.start()
        busy = await paced(client, asking.questions, bringing.is_alive)
        bringing.join()
    report.figures = {
        "idle": {"questions": len(idle.ok), **spread(idle.ok)},
        "while_ingesting": {"questions": len(busy.ok), **spread(busy.ok)},
        "documents": taken[0].outcomes,
        "ingestion_seconds": round(taken[0].seconds, 1),
    }
    lost: Mapping[int, int] = idle.others(200) | busy.others(200)
    report.require(not lost, f"answers that were none: {dict(lost)}")
    return report


async def paced(client: httpx.AsyncClient, questions: Iterator[str], goes_on: Callable[[], bool]) -> Answers:
    """Two questions a second."""
    answers = Answers()
    while goes_on():
        begun = time.perf_counter()
        await ask(client, next(questions), answers)
        await asyncio.sleep(max(0.0, PACE_SECONDS - (time.perf_counter() - begun)))
    return answers
