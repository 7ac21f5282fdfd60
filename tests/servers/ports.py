"""Ports of servers under test: each is one process's alone as long as that process lives.

Below those that the kernel gives to outgoing connections, and below those that `lethe up` chooses, so that nobody
takes one between its choice and its server, or while a test has its server killed.
"""

import fcntl
import os
import random
import tempfile
from functools import cache
from pathlib import Path
from typing import Final

from cli.stack.ports import is_free

_RANGE: Final = range(20_000, 26_000)
_TAKEN: Final = set[int]()
"""By this process."""


def reserved_ports(count: int, run: int = 1) -> list[int]:
    """Free ports, each the first of ``run`` in a row. Temporal's schema has only a smallint for its own."""
    firsts = list(range(_RANGE.start, _RANGE.stop - run, run))
    random.SystemRandom().shuffle(firsts)
    found: list[int] = []
    for first in firsts:
        if len(found) == count:
            return found
        if all(_reserve(port) for port in range(first, first + run)):
            found.append(first)
    raise RuntimeError("no free port is left")


def _reserve(port: int) -> bool:
    if port in _TAKEN:
        return False
    try:
        fcntl.lockf(_locks(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False
    _TAKEN.add(port)
    return is_free(port)


@cache
def _locks() -> int:
    """A file whose byte n stands for port n. Not closed before the process ends: that would end its locks."""
    path = Path(tempfile.gettempdir()) / f"lethe-test-ports-{os.geteuid()}"
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
