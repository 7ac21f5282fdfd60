"""What a child may take, and what is left of it afterwards."""

import asyncio
import os
import re
import signal
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from lethe.adapters.parsing import LimitedParser, pool
from lethe.adapters.parsing.wire import Limits, dump, request_for
from lethe.errors import ParserCrashed, ParserUnavailable
from lethe.ingestion.sniffing import MediaType
from lethe.settings import LimitSettings, Settings, WorkerSettings

Start = Callable[..., LimitedParser]


@pytest_asyncio.fixture
async def start() -> AsyncGenerator[Start, None]:
    """Parsers with limits of the test's own, closed at its end."""
    started: list[LimitedParser] = []

    def parser(slots: int = 1, niceness: int = 0, **limits: int) -> LimitedParser:
        worker = WorkerSettings(cpu_slots=slots, niceness=niceness)
        started.append(LimitedParser.from_settings(Settings(limits=LimitSettings(**limits), worker=worker)))  # pyright: ignore[reportArgumentType]
        return started[-1]

    yield parser
    for one in started:
        await one.close()


def slow(folder: Path) -> Path:
    """Short lines, each judged by the language model: minutes of work."""
    path = folder / "slow"
    path.write_text("\n\n".join(f"Winter storage number {number} of buoys" for number in range(60_000)))
    return path


def good(folder: Path) -> Path:
    path = folder / "good"
    path.write_text("The buoy sends its readings once an hour to the portal.")
    return path


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_file_that_takes_too_long_is_stopped_and_the_next_one_is_read(start: Start, tmp_path: Path) -> None:
    parser = start(parse_seconds=2)
    await parser.warm_up()
    (pid,) = parser.pids()
    began = time.perf_counter()
    with pytest.raises(ParserCrashed):
        await parser.parse(slow(tmp_path), MediaType.PLAIN)
    assert time.perf_counter() - began < 30
    assert not is_running(pid)
    assert len((await parser.parse(good(tmp_path), MediaType.PLAIN)).elements) == 1


async def test_a_file_that_takes_too_much_memory_or_gives_too_much_is_stopped(start: Start, tmp_path: Path) -> None:
    parser = start(parse_memory_bytes=96 * 1024 * 1024, parse_output_bytes=10_000)
    wide, long = tmp_path / "wide", tmp_path / "long"
    wide.write_text("a,b\n" + "word,number\n" * 2_000_000)
    long.write_text("The buoy sends its readings once an hour to the portal.\n\n" * 1_000)
    for path, media_type in ((wide, MediaType.CSV), (long, MediaType.PLAIN)):
        with pytest.raises(ParserCrashed):
            await parser.parse(path, media_type)
    assert len((await parser.parse(good(tmp_path), MediaType.PLAIN)).elements) == 1


async def test_the_kernel_holds_the_limits_of_a_child(start: Start) -> None:
    parser = start(parse_seconds=7, parse_memory_bytes=64 * 1024 * 1024)
    await parser.warm_up()
    (pid,) = parser.pids()
    rows = [re.split(r"\s{2,}", row) for row in Path(f"/proc/{pid}/limits").read_text().splitlines()]
    soft = {row[0]: row[1] for row in rows}
    assert int(soft["Max open files"]) == 64
    assert soft["Max file size"] == soft["Max core file size"] == "0"
    taken = int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    assert abs(int(soft["Max address space"]) - taken) <= 64 * 1024 * 1024 + (8 << 20)


async def test_seconds_of_cpu_are_counted_by_the_kernel_too(tmp_path: Path) -> None:
    """A parent that is gone or stopped ends no child: the kernel does (SIGXCPU)."""
    limits = Limits(seconds=1, memory_bytes=1 << 30, output_bytes=1 << 20, pages=10, niceness=0)
    request = dump(request_for(slow(tmp_path), MediaType.PLAIN)).encode()
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "lethe.adapters.parsing.child", dump(limits), stdin=PIPE, stdout=PIPE
    )
    await asyncio.wait_for(child.communicate(request + b"\n"), 200)
    assert child.returncode == -signal.SIGXCPU


async def test_a_child_killed_at_work_is_a_crash_and_one_killed_idle_is_replaced(start: Start, tmp_path: Path) -> None:
    parser = start()
    await parser.warm_up()
    (pid,) = parser.pids()
    reading = asyncio.create_task(parser.parse(slow(tmp_path), MediaType.PLAIN))
    await asyncio.sleep(0.3)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(ParserCrashed):
        await reading
    await parser.warm_up()
    (child,) = parser.children()
    os.kill(child.pid, signal.SIGKILL)
    await child.ended()
    assert len((await parser.parse(good(tmp_path), MediaType.PLAIN)).elements) == 1


async def test_cancelling_kills_the_child(start: Start, tmp_path: Path) -> None:
    parser = start()
    await parser.warm_up()
    (pid,) = parser.pids()
    reading = asyncio.create_task(parser.parse(slow(tmp_path), MediaType.PLAIN))
    await asyncio.sleep(0.3)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert not is_running(pid)
    assert parser.pids() == ()


async def test_closing_leaves_no_child_even_one_that_is_starting(start: Start, tmp_path: Path) -> None:
    parser = start(slots=2)
    await parser.warm_up()
    reading = asyncio.create_task(parser.parse(slow(tmp_path), MediaType.PLAIN))
    starting = asyncio.create_task(parser.parse(good(tmp_path), MediaType.PLAIN))
    async with asyncio.timeout(60):
        while len(pids := parser.pids()) < 2:
            await asyncio.sleep(0.01)
    await parser.close()
    assert not any(is_running(pid) for pid in pids)
    ended = await asyncio.gather(reading, starting, return_exceptions=True)
    assert [type(error) for error in ended] == [ParserCrashed, ParserUnavailable]
    with pytest.raises(ParserUnavailable):
        await parser.parse(good(tmp_path), MediaType.PLAIN)


async def test_files_read_at_once_share_the_slots(start: Start, tmp_path: Path) -> None:
    parser = start(slots=2)
    paths = [tmp_path / str(number) for number in range(12)]
    for number, path in enumerate(paths):
        path.write_text(f"The buoy number {number} sends its readings once an hour to the portal.")
    documents = await asyncio.gather(*(parser.parse(path, MediaType.PLAIN) for path in paths))
    assert [document.elements[0].text.split()[3] for document in documents] == [str(number) for number in range(12)]
    assert len(parser.pids()) == 2


async def test_a_child_is_replaced_when_it_is_used_up(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "DOCUMENTS_PER_CHILD", 2)
    parser = start()
    seen: set[int] = set()
    for _ in range(3):
        await parser.parse(good(tmp_path), MediaType.PLAIN)
        seen.update(parser.pids())
    await parser.parse(good(tmp_path), MediaType.PLAIN)
    assert len(seen | set(parser.pids())) == 2


async def test_the_child_knows_no_secret_is_nice_and_ends_with_its_parent(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    parser = start(niceness=10)
    await parser.warm_up()
    (child,) = parser.children()
    environment = Path(f"/proc/{child.pid}/environ").read_bytes()
    assert b"canary" not in environment
    assert b"DO_NOT_TRACK=true" in environment
    assert os.getpriority(os.PRIO_PROCESS, child.pid) >= 10
    child.hang_up()  # what the kernel does when the parent is gone, however it went
    async with asyncio.timeout(60):
        await child.ended()
