"""What the child takes from itself before it opens anybody's file."""

import os
import resource
import sys
from pathlib import Path
from typing import Final

from lethe.adapters.parsing.wire import Limits

_STATUS: Final = Path("/proc/self/statm")
_REFUSED: Final = frozenset(
    {
        "os.exec",
        "os.fork",
        "os.forkpty",
        "os.posix_spawn",
        "os.spawn",
        "os.startfile",
        "os.system",
        "pty.spawn",
        "subprocess.Popen",
    }
)
"""Audit events (PEP 578) by which a process starts another."""
_CHANGES: Final = frozenset(
    {
        "os.chmod", "os.chown", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink",
        "os.truncate", "os.utime", "shutil.rmtree",
    }
)  # fmt: skip
"""Audit events by which a process changes a file without opening it."""
_WRITES: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_OPEN_FILES: Final = 64
"""One document, its parts, and what a reader opens beside it."""


class Refused(PermissionError):
    """The vendor's code tried to reach the network, to start a process or to write a file."""


def refuse_the_outside(program: str = "") -> None:
    """From here on this process opens no socket and starts no process: not for telemetry, not for a missing model.

    ``program`` is the path of the one program that may be started, if any.
    """

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event == "subprocess.Popen" and program and arguments[0] == program:
            return
        if event.startswith("socket.") or event in _REFUSED:
            raise Refused(event)

    sys.addaudithook(hook)


def refuse_writing() -> None:
    """Call when everything is loaded. Code outside Python is held by the kernel: no byte may go to any file."""

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event in _CHANGES:
            raise Refused(event)
        # A number is a descriptor that is open already: a pipe to the one program that may run.
        is_named = event == "open" and not isinstance(arguments[0], int)
        if is_named and isinstance(flags := arguments[2], int) and flags & _WRITES:
            raise Refused(event)

    sys.dont_write_bytecode = True  # of what a reader loads late; until here it is kept, which halves the next start
    sys.addaudithook(hook)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, allowed))


def lower_priority(niceness: int) -> None:
    """At least this niceness; a worker that is nicer already stays so."""
    current = os.getpriority(os.PRIO_PROCESS, 0)
    os.setpriority(os.PRIO_PROCESS, 0, max(current, niceness))


def limit_memory(limits: Limits) -> None:
    """Call when everything is loaded: a document may take so much more address space than that.

    Only Linux tells how much is taken, and only there does the limit hold; elsewhere there is none.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not _STATUS.exists():
        return
    taken = int(_STATUS.read_text().split()[0]) * resource.getpagesize()
    allowed = taken + limits.memory_bytes
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard == resource.RLIM_INFINITY or allowed < hard:
        resource.setrlimit(resource.RLIMIT_AS, (allowed, hard))


def limit_next_document(limits: Limits) -> None:
    """Seconds of CPU from now on; the kernel ends the process when they are used up (SIGXCPU)."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    allowed = int(usage.ru_utime + usage.ru_stime) + 1 + limits.seconds
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (allowed if hard == resource.RLIM_INFINITY else min(allowed, hard), hard))
