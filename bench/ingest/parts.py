"""The parts of the benchmark; each returns figures and what was wrong."""

import asyncio
import json
import random
import statistics
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from bench.corpora import corpus, fill
from bench.index import read_index
from bench.ingest.contents import compared
from bench.ingest.floor import Built, build
from bench.installation import Installation, Taken, running, say
from bench.report import Report
from lethe.settings import Settings, TestingSettings

SEED = 20_261_121
SAMPLE_SECONDS = 0.5
FIFTHS = 5


def speed(files: Sequence[Path], pairs: int, *, is_free: bool, limit: float) -> Report:
    """Lethe's CPU seconds over the plain script's, in interleaved pairs: median of the ratios."""
    report = Report()
    runs: list[dict[str, float]] = []
    for number in range(pairs):
        with running(is_free=is_free) as installation, corpus(files) as folder:
            if number % 2:
                floor = _floor(installation, folder)
                taken = installation.ingest(folder)
            else:
                taken = installation.ingest(folder)
                floor = _floor(installation, folder)
            _require_all(report, taken, len(files))
            report.require(
                taken.embedded <= floor["chunks"], f"{taken.embedded} chunks embedded, {floor['chunks']} there"
            )
            runs.append(_run(taken, floor, len(files)))
            say(f"pair {number + 1} of {pairs}, {'free' if is_free else 'local'} embedder: {runs[-1]}")
    ratio = statistics.median(run["ratio"] for run in runs)
    report.figures = {"documents": len(files), "limit": limit, "ratio": round(ratio, 3), "pairs": runs}
    if is_free:
        for name in ("lethe", "floor"):
            middle = statistics.median(run[f"{name}_cpu_s"] for run in runs)
            report.figures[f"{name}_ms_per_document"] = round(1000 * middle / len(files), 1)
    report.require(ratio <= limit, f"CPU is {ratio:.2f} x that of the plain script, more than {limit} x")
    return report


def again(files: Sequence[Path], *, limit: float) -> Report:
    """The same folder twice: the second time nothing is embedded or written, and hardly any time is spent."""
    report = Report()
    with running(is_free=False) as installation, corpus(files) as folder:
        first = installation.ingest(folder)
        _require_all(report, first, len(files))
        before = read_index(installation)
        second = installation.ingest(folder)
        report.require(
            second.outcomes["skipped"] == len(files), f"unchanged documents were not skipped: {second.outcomes}"
        )
        report.require(second.embedded == 0, f"{second.embedded} chunks of unchanged documents were embedded")
        report.require(read_index(installation) == before, "the index changed")
    share = {"cpu": second.lethe / first.lethe, "seconds": second.seconds / first.seconds}
    report.figures = {
        "documents": len(files),
        "limit": limit,
        "embedded": second.embedded,
        **{f"{name}_share": round(value, 4) for name, value in share.items()},
    }
    for name, value in share.items():
        report.require(value <= limit, f"unchanged again took {value:.3f} of the {name} of the first time")
    return report


def two_states(old: Sequence[Path], new: Sequence[Path]) -> Report:
    """A corpus that is edited: exactly the changed chunks are embedded, and what is served is a fresh build."""
    report = Report()
    settings = Settings(_env_file=None, testing=TestingSettings(free_embedder=True))  # pyright: ignore[reportCallIssue]
    with running(is_free=True) as installation, corpus(old) as folder:
        first = installation.ingest(folder)
        _require_all(report, first, len(old))
        before = asyncio.run(build(sorted(folder.iterdir()), settings))
        fill(folder, new)
        after = asyncio.run(build(sorted(folder.iterdir()), settings))
        second = installation.ingest(folder)
        report.require(not second.failures, f"failed: {second.failures[:3]}")
        for document in list(installation.documents()):
            if Path(document["source_uri"]).name not in after:
                installation.delete(document["id"])
        difference = compared(installation, after, is_free=True)
    least, most = changed_chunks(before, after)
    report.figures = {
        "documents": [len(old), len(new)],
        "outcomes": second.outcomes,
        "chunks": sum(map(len, after.values())),
        "embedded": second.embedded,
        "changed_texts": least,
        "changed_chunks": most,
        **asdict(difference),
    }
    report.require(least <= second.embedded <= most, f"{second.embedded} chunks embedded, not {least}..{most}")
    report.require(difference.is_none, f"not what a fresh build is: {difference}")
    return report


def changed_chunks(before: Mapping[str, Sequence[Built]], after: Mapping[str, Sequence[Built]]) -> tuple[int, int]:
    """How many texts are new to the corpus, and how many chunks are new to their document.

    A text that only moved to another document is embedded again, or not, as its old version is dropped before or after.
    """
    old = {chunk.digest for chunks in before.values() for chunk in chunks}
    new = {chunk.digest for chunks in after.values() for chunk in chunks}
    own = 0
    for name, chunks in after.items():
        held = {chunk.digest for chunk in before.get(name, ())}
        own += sum(chunk.digest not in held for chunk in chunks)
    return len(new - old), own


def memory(count: int, *, limit: float) -> Report:
    """The worker's resident memory over many small files: the last fifth against the first."""
    report = Report()
    with running(is_free=True) as installation, _small_files(count) as folder:
        samples: list[tuple[int, int]] = []
        already = installation.ready()
        stop = threading.Event()

        def watch() -> None:
            while not stop.wait(SAMPLE_SECONDS):
                samples.append((installation.ready() - already, installation.worker_bytes()))

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            taken = installation.ingest(folder)
        finally:
            stop.set()
            watcher.join()
        _require_all(report, taken, count)
    fifth = count / FIFTHS
    medians = [
        statistics.median([held for done, held in samples if place * fifth <= done <= (place + 1) * fifth] or [0])
        for place in range(FIFTHS)
    ]
    growth = medians[-1] / medians[0] if medians[0] else float("inf")
    report.figures = {
        "documents": count,
        "limit": limit,
        "growth": round(growth, 3),
        "worker_mib_by_fifth": [round(held / 2**20) for held in medians],
        "documents_per_second": round(count / taken.seconds, 1),
        "lethe_ms_per_document": round(1000 * taken.lethe / count, 1),
        "servers_ms_per_document": round(1000 * (sum(taken.cpu.values()) - taken.lethe) / count, 1),
    }
    report.require(growth <= limit, f"the worker's memory grew {growth:.2f} x from the first to the last fifth")
    return report


@contextmanager
def _small_files(count: int) -> Generator[Path]:
    """Text files of two to four sentences, no two alike."""
    draw = random.Random(SEED)
    words = (Path(__file__).parents[2] / "samples" / "employee-handbook.md").read_text().split()
    with tempfile.TemporaryDirectory(prefix="lethe-small-") as folder:
        for number in range(count):
            text = ". ".join(" ".join(draw.choices(words, k=12)) for _ in range(draw.randint(2, 4)))
            (Path(folder) / f"note-{number:05}.txt").write_text(f"Note {number}. {text}.\n")
        yield Path(folder)


def _floor(installation: Installation, folder: Path) -> dict[str, float]:
    weaviate = installation.weaviate
    environment = {
        **{name: value for name, value in installation.stack.env.items() if not name.startswith("LETHE_")},
        "LETHE_WEAVIATE__URL": weaviate.url,
        "LETHE_WEAVIATE__GRPC_PORT": str(weaviate.grpc_port),
        "LETHE_WEAVIATE__API_KEY": weaviate.api_key.get_secret_value(),
        "LETHE_TESTING__FREE_EMBEDDER": str(installation.is_free).lower(),
    }
    ended = subprocess.run(
        [sys.executable, "-m", "bench.ingest.floor", str(folder)],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(ended.stdout)


def _run(taken: Taken, floor: Mapping[str, float], documents: int) -> dict[str, float]:
    return {
        "ratio": round(taken.lethe / floor["cpu_seconds"], 3),
        "lethe_cpu_s": round(taken.lethe, 2),
        "floor_cpu_s": round(floor["cpu_seconds"], 2),
        **{f"{name}_cpu_s": round(seconds, 2) for name, seconds in taken.cpu.items()},
        "lethe_s": round(taken.seconds, 1),
        "floor_s": round(floor["seconds"], 1),
        "chunks": floor["chunks"],
        "documents_per_second": round(documents / taken.seconds, 2),
    }


def _require_all(report: Report, taken: Taken, count: int) -> None:
    counted = Counter(failure["code"] for failure in taken.failures)
    report.require(taken.outcomes["added"] == count, f"{taken.outcomes['added']} of {count} added; failed: {counted}")
