"""Ends the stack's processes when the supervisor is gone, however it went: `kill -9` included.

A process of its own that reads `+<group>` and `-<group>` lines from the supervisor; the end of that input means that
the supervisor no longer exists. Works wherever there are pipes and process groups.
"""

import os
import signal
import sys
import time
from typing import Final

_GRACE_SECONDS: Final = 5.0


def main() -> None:
    """Follow the supervisor, then leave no group behind."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        if line.startswith("+"):
            groups.add(group)
        else:
            groups.discard(group)
    _end(groups)


def _end(groups: set[int]) -> None:
    alive = {group for group in groups if _signalled(group, signal.SIGTERM)}
    deadline = time.monotonic() + _GRACE_SECONDS
    while alive and time.monotonic() < deadline:
        time.sleep(0.1)
        alive = {group for group in alive if _signalled(group, 0)}
    for group in alive:
        _signalled(group, signal.SIGKILL)


def _signalled(group: int, number: int) -> bool:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    main()
