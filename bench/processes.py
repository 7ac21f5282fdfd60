"""CPU seconds and resident memory of a process and all it started, from Linux's /proc."""

import os
from collections.abc import Iterator
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(pid: int) -> float:
    """User and system time of the process and its descendants, those included that ended and were waited for."""
    return sum(sum(int(field) for field in _fields(each)[11:15]) for each in tree(pid)) / _TICKS


def resident_bytes(pid: int) -> int:
    """Of the process itself."""
    return int(_fields(pid)[21]) * _PAGE


def tree(pid: int) -> list[int]:
    """The process and its descendants, as they are now."""
    parents = dict(_parents())
    found = [pid]
    for each in found:
        found.extend(child for child, parent in parents.items() if parent == each)
    return found


def _parents() -> Iterator[tuple[int, int]]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _fields(int(entry.name))):
            yield int(entry.name), int(fields[1])


def _fields(pid: int) -> list[str]:
    """Those of proc(5) stat from the state on (its field 3); zeros for a process that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ["0"] * 50
