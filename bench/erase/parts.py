"""The parts of the benchmark; each returns figures (in milliseconds unless a name says else) and what was wrong."""

import asyncio
import statistics
import threading
import time
from pathlib import Path
from typing import Any, Final

from bench.erase.bare import bare_seconds
from bench.erase.erasing import MINIMUM, TIMES, Erasure, ask, bring_in
from bench.erase.texts import exact, texts
from bench.installation import running
from bench.query.parts import Asking, paced
from bench.query.parts import spread as slowness
from bench.query.questions import distinct_questions
from bench.report import Report

CHUNKS: Final = 29
ADDED: Final = 0.25
"""Seconds that a workflow with a manifest may take beside twice the bare calls."""
PERSONS_CHUNKS: Final = 25


def single(count: int, *, tolerance: float) -> Report:
    """One document of 29 chunks, erased and in turn deleted by the bare calls: median of as many as said."""
    report, took = Report(), list[dict[str, float]]()
    with running(is_free=True, extra=MINIMUM) as installation:
        documents = bring_in(installation, exact(2 * count + 1, CHUNKS), range(2 * count + 1))
        for document_id in documents:
            found = installation.api.get(f"/v1/documents/{document_id}").json()["chunks"]
            report.require(found == CHUNKS, f"a document of {found} chunks")
        tenant_id = ""
        for person in range(count):
            erasure = ask(installation, person)
            view = erasure.ended()
            took.append(erasure.seconds(view))
            tenant_id = view["workflow_id"].split("/")[1]
        bare = bare_seconds(installation, tenant_id, documents[count:])
    floor = statistics.median(bare)
    middle = _phases(took)
    deleted = middle["deleted_at"] / 1000
    limit = tolerance * (2 * floor + ADDED)
    report.figures = {
        "documents": count,
        "chunks": CHUNKS,
        "bare": round(1000 * floor, 1),
        "until": middle,
        "limit": round(1000 * limit, 1),
        "settings": MINIMUM,
    }
    report.require(deleted <= limit, f"deleted after {1000 * deleted:.0f} ms, more than {1000 * limit:.0f}")
    return report


def person(count: int) -> Report:
    """All documents of somebody, to deleted and to purged."""
    report = Report()
    with running(is_free=True, extra=MINIMUM) as installation:
        bring_in(installation, texts(count, 3), [1] * count)
        others = bring_in(installation, texts(10, 3, seed=1), [2] * 10)
        view = (erasure := ask(installation, 1)).purged()
        left = {each["id"] for each in installation.documents()}
    phases = _phases([erasure.seconds(view)])
    report.figures = {
        "documents": count,
        "until": phases,
        "ms_a_document": round(phases["deleted_at"] / count, 1),
        "stores": {each["store"]: each["erased"] for each in view["stores"] if each["erased"]},
        "settings": MINIMUM,
    }
    report.require(view["documents"] == count, f"{view['documents']} of {count} documents were linked")
    report.require(left == set(others), f"{len(left)} documents are left, not {len(others)}")
    return report


def tenant(chunks: int, folder: Path, *, idle_seconds: float, limit: float, pace: dict[str, str]) -> Report:
    """One person of a large tenant, to purged, while questions are asked: twice a second before and beside."""
    report = Report()
    count = chunks // PERSONS_CHUNKS
    files = list[Path]()
    for number, text in enumerate(texts(count, PERSONS_CHUNKS)):
        files.append(folder / f"text-{number:05}.txt")
        files[-1].write_text(text)
    with running(is_free=True, extra=MINIMUM | pace) as installation:
        taken = installation.ingest(folder)
        report.require(taken.outcomes["added"] == count, f"{taken.outcomes} of {count} added")
        bring_in(installation, texts(10, PERSONS_CHUNKS, seed=1), [1] * 10)
        held = sum(document["chunks"] for document in installation.documents())
        asking = Asking(installation, distinct_questions(files))
        idle, busy, erasure, view = asyncio.run(_beside(asking, idle_seconds))
    ratio = busy["p95"] / idle["p95"] if idle["p95"] else float("inf")
    report.figures = {
        "chunks": held,
        "until": _phases([erasure.seconds(view)]),
        "idle": idle,
        "beside": busy,
        "p95_ratio": round(ratio, 2),
        "limit": limit,
        "settings": MINIMUM | pace,
    }
    report.require(held >= 0.9 * chunks, f"only {held} chunks")
    report.require(ratio <= limit, f"p95 of questions is {ratio:.2f} x the idle one, more than {limit}")
    report.require(not busy["lost"] and not idle["lost"], f"answers that were none: {idle} {busy}")
    return report


async def _beside(
    asking: Asking, idle_seconds: float
) -> tuple[dict[str, Any], dict[str, Any], Erasure, dict[str, Any]]:
    begun: list[Erasure] = []
    views: list[dict[str, Any]] = []

    def erase() -> None:
        begun.append(ask(asking.installation, 1))
        views.append(begun[0].purged())

    async with asking.client() as client:
        until = time.perf_counter() + 5
        await paced(client, asking.questions, lambda: time.perf_counter() < until)
        until = time.perf_counter() + idle_seconds
        idle = await paced(client, asking.questions, lambda: time.perf_counter() < until)
        erasing = threading.Thread(target=erase)
        erasing.start()
        busy = await paced(client, asking.questions, erasing.is_alive)
        erasing.join()
    idle_told, busy_told = (
        {"questions": len(each.ok), **slowness(each.ok), "lost": each.others(200)} for each in (idle, busy)
    )
    return idle_told, busy_told, begun[0], views[0]


def _phases(took: list[dict[str, float]]) -> dict[str, float]:
    """The median time from the request to each of the times."""
    return {name: round(1000 * statistics.median([each[name] for each in took]), 1) for name in TIMES}
