"""Starts the stages in order, keeps their processes running, and stops them in reverse."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from cli.errors import CommandError
from cli.stack.child import Child, rotate, tail
from cli.stack.identity import end_group, process_of, this_process
from cli.stack.programs import Program, Stage, Step
from cli.stack.state import Phase, Ports, StackRecord, StateFolder

_STEP_SECONDS: Final = 300.0
_REAPER_SECONDS: Final = 5.0

Say = Callable[[str], None]


class Reaper:
    """The process that ends our children should we be killed: see cli.stack.reaper."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cli.stack.reaper"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def add(self, group: int) -> None:
        self._tell(f"+{group}\n")

    def discard(self, group: int) -> None:
        self._tell(f"-{group}\n")

    def close(self) -> None:
        """Let it end; it ends whatever group was not discarded."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(_REAPER_SECONDS + 5)

    def _tell(self, line: str) -> None:
        if self._process.stdin is not None and self._process.poll() is None:
            self._process.stdin.write(line)
            self._process.stdin.flush()


class Supervisor:
    """One run of the stack. The caller holds the state folder's lock."""

    def __init__(
        self,
        folder: StateFolder,
        stages: Sequence[Stage],
        say: Say,
        addresses: Mapping[str, str],
        ports: Ports | None = None,
        *,
        is_cold: bool = False,
    ) -> None:
        self._folder = folder
        self._stages = stages
        self._say = say
        self._children: list[Child] = []
        self._stop = asyncio.Event()
        self._at_once = asyncio.Event()
        self._reaper = Reaper()
        self._record = StackRecord(
            phase=Phase.STARTING,
            supervisor=this_process(),
            addresses=dict(addresses),
            ports=ports,
            reaper=process_of(self._reaper.pid),
            is_cold=is_cold,
        )

    async def run(self, ready: Callable[[StackRecord], None], started: float) -> None:
        """Start everything, call `ready`, and return once a signal has stopped it all.

        `started` (monotonic) is where the seconds until ready are counted from. Raises CommandError if a process
        does not start; whatever was started is stopped then too.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._on_signal)
        try:
            starting = asyncio.create_task(self._start())
            stopping = asyncio.create_task(self._stop.wait())
            await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if self._stop.is_set():
                starting.cancel()
                await asyncio.gather(starting, return_exceptions=True)
                return
            await starting
            self._record.phase = Phase.RUNNING
            self._record.seconds = time.monotonic() - started
            self._write()
            ready(self._record)
            await stopping
        finally:
            await self._stop_all()

    def _on_signal(self) -> None:
        if self._stop.is_set():
            self._at_once.set()
        self._stop.set()

    async def _start(self) -> None:
        self._write()
        for stage in self._stages:
            if isinstance(stage, Step):
                await self._run_step(stage)
                continue
            self._say(f"starting {' and '.join(program.name for program in stage)}")
            children = [self._child(program) for program in stage]
            self._children += children
            # The first that does not start cancels the others: its error, not a group of them, is what to say.
            starting = [asyncio.create_task(child.start()) for child in children]
            try:
                await asyncio.gather(*starting)
            finally:
                for task in starting:
                    task.cancel()
                await asyncio.gather(*starting, return_exceptions=True)

    def _child(self, program: Program) -> Child:
        return Child(program, self._folder.log(program.name), self._reaper, self._say, self._write)

    async def _run_step(self, step: Step) -> None:
        self._say(f"running {step.name}")
        log = self._folder.log(step.name)
        rotate(log)
        with log.open("ab") as out:
            process = await asyncio.create_subprocess_exec(
                *step.argv,
                env=step.env,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        self._reaper.add(process.pid)
        try:
            async with asyncio.timeout(_STEP_SECONDS):
                code = await process.wait()
        except TimeoutError:
            raise CommandError(f"{step.name} took over {_STEP_SECONDS:.0f} s", advice=f"its log is {log}") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            self._reaper.discard(process.pid)
        if code != 0:
            raise CommandError(f"{step.name} failed: {tail(log)}", advice=f"its log is {log}")

    async def _stop_all(self) -> None:
        self._record.phase = Phase.STOPPING
        self._write()
        for child in reversed(self._children):
            self._say(f"stopping {child.program.name}")
            await child.stop(at_once=self._at_once)
        await asyncio.to_thread(self._reaper.close)
        self._record.phase = Phase.STOPPED
        self._record.reaper = None
        self._write()

    def _write(self) -> None:
        records = {child.program.name: child.record() for child in self._children}
        self._record.children = {name: record for name, record in records.items() if record is not None}
        self._folder.write(self._record)


def end_leftovers(record: StackRecord | None, say: Say) -> None:
    """End what an earlier supervisor could not, judged by process id and start time."""
    if record is None:
        return
    if record.reaper is not None:
        # It is ending them at this moment, if it is alive.
        deadline = time.monotonic() + 2 * _REAPER_SECONDS
        while record.reaper.is_alive and time.monotonic() < deadline:
            time.sleep(0.1)
    for name, child in record.children.items():
        if child.process.is_alive:
            say(f"ending {name} (process {child.process.pid}), left by an earlier run")
            end_group(child.process, 5.0)
