"""Up, detached up and down: one supervisor per state folder, told apart by the folder's lock."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Final

from cli.errors import CommandError
from cli.stack import weaviate
from cli.stack.child import rotate, tail
from cli.stack.identity import Process, this_process
from cli.stack.locks import held, try_lock, wait_for_lock
from cli.stack.programs import addresses, choose_ports, stages
from cli.stack.state import Phase, StackRecord, StateFolder
from cli.stack.supervisor import Supervisor, end_leftovers
from lethe.settings import Settings

Say = Callable[[str], None]

_POLL_SECONDS: Final = 0.2
_DOWN_SECONDS: Final = 120.0
_STARTING: Final = "starting.lock"
"""In the cache, which all stacks of a user share."""


def up(settings: Settings, say: Say, ready: Callable[[StackRecord, bool], None]) -> None:
    """Run the stack until a signal ends it. `ready` is told what runs, and whether it ran already.

    Raises CommandError when something does not start; nothing is left running then.
    """
    folder = StateFolder(settings.state)
    lock = try_lock(folder.lock)
    if lock is None:
        ready(wait_until_running(folder, say), True)
        return
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    with held(lock):
        previous = folder.record()
        try:
            _supervise(settings, folder, previous, say, lambda record: ready(record, False))
        finally:
            _write_stopped(folder)


def up_detached(settings: Settings, say: Say) -> tuple[StackRecord, bool]:
    """Start a supervisor in the background and wait until all serves: what runs, and whether it ran already."""
    folder = StateFolder(settings.state)
    lock = try_lock(folder.lock)
    if lock is None:
        return wait_until_running(folder, say), True
    os.close(lock)
    folder.create()
    log = folder.log("supervisor")
    rotate(log)
    with log.open("ab") as out:
        read = out.tell()
        # A session of its own, so that it outlives this terminal.
        process = subprocess.Popen(
            [sys.executable, "-m", "cli.main", "up", "--text"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # the summary, which is printed here
            stderr=out,
            start_new_session=True,
        )
    try:
        while process.poll() is None:
            read = _repeat(folder, read, say)
            record = folder.record()
            if record and record.phase is Phase.RUNNING and record.supervisor.pid == process.pid:
                return record, False
            time.sleep(_POLL_SECONDS)
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        raise
    raise CommandError(f"the stack did not start: {tail(log, 2)}", advice=f"its log is {log}")


def down(settings: Settings, say: Say) -> bool:
    """Stop the stack and wait for it. Returns whether there was one."""
    folder = StateFolder(settings.state)
    lock = try_lock(folder.lock) if folder.root.exists() else None
    if lock is not None or not folder.root.exists():
        if lock is not None:
            with held(lock):
                end_leftovers(folder.record(), say)
        return False
    supervisor = _supervisor_of(folder)
    say(f"stopping the stack (process {supervisor.pid})")
    os.kill(supervisor.pid, signal.SIGTERM)
    deadline = time.monotonic() + _DOWN_SECONDS
    while (lock := try_lock(folder.lock)) is None:
        if time.monotonic() > deadline:
            say("it does not end: killing it")
            os.kill(supervisor.pid, signal.SIGKILL)
            deadline = time.monotonic() + _DOWN_SECONDS
        time.sleep(_POLL_SECONDS)
    with held(lock):
        end_leftovers(folder.record(), say)
    return True


def is_running(folder: StateFolder) -> bool:
    """Whether a supervisor has this state folder."""
    record = folder.record()
    return record is not None and record.supervisor.is_alive and record.phase is not Phase.STOPPED


def wait_until_running(folder: StateFolder, say: Say) -> StackRecord:
    """Wait for the start that another process is busy with. Raises CommandError if it gives up."""
    said = False
    while True:
        record = folder.record()
        if record and record.phase is Phase.RUNNING and record.supervisor.is_alive:
            return record
        lock = try_lock(folder.lock)
        if lock is not None:
            os.close(lock)
            raise CommandError("another `lethe up` ended before everything served", advice="run `lethe doctor`")
        if not said:
            say("another `lethe up` is starting or stopping this stack: waiting for it")
            said = True
        time.sleep(_POLL_SECONDS)


def _supervise(
    settings: Settings,
    folder: StateFolder,
    previous: StackRecord | None,
    say: Say,
    ready: Callable[[StackRecord], None],
) -> None:
    started = time.monotonic()
    fetches = not settings.weaviate.url and not weaviate.is_cached(settings.cache)
    is_cold = fetches or folder.is_new
    ports = previous.ports if previous else None
    folder.create()
    end_leftovers(previous, say)
    folder.write(StackRecord(phase=Phase.STARTING, supervisor=this_process(), addresses={}, ports=ports))
    binary = None if settings.weaviate.url else weaviate.ensure_binary(settings.cache, say)
    with ExitStack() as starting:
        # A chosen port is free until its server listens: another stack that starts meanwhile would choose it, too.
        starting.enter_context(held(wait_for_lock(settings.cache / _STARTING)))
        chosen = choose_ports(settings, ports)
        where = addresses(settings, chosen)
        supervisor = Supervisor(folder, stages(settings, folder, chosen, binary), say, where, chosen, is_cold=is_cold)

        def served(record: StackRecord) -> None:
            starting.close()
            ready(record)

        asyncio.run(supervisor.run(served, started))


def _write_stopped(folder: StateFolder) -> None:
    record = folder.record()
    if record is not None:
        folder.write(record.model_copy(update={"phase": Phase.STOPPED, "children": {}, "reaper": None}))


def _supervisor_of(folder: StateFolder) -> Process:
    """The holder of the lock, which writes itself down right after it has taken it."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        record = folder.record()
        if record and record.supervisor.is_alive:
            return record.supervisor
        time.sleep(_POLL_SECONDS)
    raise CommandError("something holds the state folder, but not a supervisor", advice=f"see who uses {folder.lock}")


def _repeat(folder: StateFolder, read: int, say: Say) -> int:
    """Say the supervisor's new whole lines; returns how far its log was read."""
    with folder.log("supervisor").open("rb") as log:
        log.seek(read)
        new = log.read()
    whole = new[: new.rfind(b"\n") + 1]
    for line in whole.decode(errors="replace").splitlines():
        say(line)
    return read + len(whole)
