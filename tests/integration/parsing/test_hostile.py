"""Every hostile file through what a worker does with it: told by its bytes, then read in a child with limits."""

import asyncio
import gc
import os
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lethe.adapters.parsing import LimitedParser
from lethe.errors import LetheError
from lethe.ingestion.sniffing import MediaType, known_suffix, sniff
from lethe.settings import LimitSettings, Settings, WorkerSettings
from tests.hostile import INGESTED, Case, all_cases, cases_of

MEMORY = 512 << 20
LIMITS = LimitSettings(parse_seconds=20, parse_memory_bytes=MEMORY)
"""Seconds enough for a busy machine; one file uses them all."""
CHILD_LOADED = 400 << 20
"""A child takes 250 MB with its readers loaded; the limit comes on top."""
GROWTH = 64 << 20
CLASSES, VARIANTS = 20, 3


@dataclass
class Watch:
    """The most memory that any child ever had in use, in bytes."""

    most: int = 0
    seen: set[int] = field(default_factory=set[int])

    def look(self, parser: LimitedParser) -> None:
        for pid in parser.pids():
            self.seen.add(pid)
            with suppress(OSError):  # it has just ended
                self.most = max(self.most, resident(pid, "VmHWM"))

    @asynccontextmanager
    async def over(self, parser: LimitedParser) -> AsyncGenerator[None]:
        async def look_on() -> None:
            while True:
                self.look(parser)
                await asyncio.sleep(0.2)

        looking = asyncio.create_task(look_on())
        yield
        looking.cancel()


def resident(pid: int, row: str = "VmRSS") -> int:
    text = Path(f"/proc/{pid}/status").read_text()
    return next((int(line.split()[1]) << 10 for line in text.splitlines() if line.startswith(f"{row}:")), 0)


async def outcome(parser: LimitedParser, case: Case, path: Path) -> str:
    try:
        with path.open("rb") as file:
            media_type = sniff(file, claimed="", suffix=known_suffix(case.filename), limits=LIMITS)
        await parser.parse(path, media_type)
    except LetheError as error:
        return error.code
    return INGESTED


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc, and limited only there")
async def test_each_hostile_file_has_its_outcome_and_hurts_nobody(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    cases: list[tuple[Case, Path]] = []
    for number, case in enumerate(all_cases()):
        path = tmp_path / str(number)
        path.write_bytes(case.data)
        cases.append((Case(case.klass, case.filename, b"", case.expected), path))
    good = tmp_path / "good"
    good.write_text("The buoy sends its readings once an hour to the portal.")
    parser = LimitedParser.from_settings(Settings(limits=LIMITS, worker=WorkerSettings(cpu_slots=2, niceness=0)))
    watch, wrong = Watch(), list[str]()

    async def judge(case: Case, path: Path) -> None:
        found = await outcome(parser, case, path)
        if found != case.expected:
            wrong.append(f"{case.klass}: {case.filename}: {found}, not {case.expected}")
        assert len((await parser.parse(good, MediaType.PLAIN)).elements) == 1
        path.unlink()

    try:
        await parser.parse(good, MediaType.PLAIN)
        gc.collect()
        before = resident(os.getpid())
        async with watch.over(parser):
            waiting = iter(cases)

            async def drain() -> None:
                for case, path in waiting:
                    await judge(case, path)

            await asyncio.gather(drain(), drain())
        gc.collect()
        growth = resident(os.getpid()) - before
    finally:
        await parser.close()
    variants = Counter(case.klass for case, _ in cases)
    record_property("files, classes, children used", (len(cases), len(variants), len(watch.seen)))
    record_property("most memory of a child, growth of the worker (MB)", (watch.most >> 20, growth >> 20))
    assert wrong == []
    assert len(variants) >= CLASSES
    assert min(variants.values()) >= VARIANTS
    assert watch.most <= CHILD_LOADED + MEMORY
    assert growth <= GROWTH


@pytest.mark.parametrize("name", ["polyglot", "encrypted", "pdf, locked", "wrong extension"])
def test_the_files_are_the_same_each_time(name: str) -> None:
    """But for the time that a zip file keeps of its writing."""
    first, again = list(cases_of(name)), list(cases_of(name))
    assert [(case.filename, case.expected, len(case.data)) for case in first] == [
        (case.filename, case.expected, len(case.data)) for case in again
    ]
