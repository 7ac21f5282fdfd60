"""Where documents are in clear text while they are read: one folder a process, gone with it."""

import fcntl
import os
import secrets
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_LOCK_SUFFIX: Final = ".lock"
_MAKING: Final = ".making"


@contextmanager
def private_scratch(parent: Path) -> Generator[Path]:
    """A folder only this process's user may open; what a killed process left beside it is removed first.

    A process holds the lock of its folder for as long as it lives. A lock, unlike a process id, means the same in
    every container that shares the parent.
    """
    parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Making and removing take turns, so that no folder is seen before its lock is held.
    with _locked(parent / _MAKING):
        for left in parent.iterdir():
            if left.name != _MAKING and left.suffix != _LOCK_SUFFIX and not _is_held(_lock_of(left)):
                _remove(left)
        for lock in parent.glob(f"*{_LOCK_SUFFIX}"):
            if not lock.with_suffix("").exists() and not _is_held(lock):
                lock.unlink(missing_ok=True)
        folder = parent / secrets.token_hex(16)
        held = _open(_lock_of(folder))
        fcntl.flock(held, fcntl.LOCK_EX)
        folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        _remove(folder)
        os.close(held)


def _lock_of(folder: Path) -> Path:
    return folder.with_name(folder.name + _LOCK_SUFFIX)


def _open(lock: Path) -> int:
    return os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


@contextmanager
def _locked(lock: Path) -> Generator[None]:
    opened = _open(lock)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)


def _is_held(lock: Path) -> bool:
    if not lock.exists():
        return False
    opened = _open(lock)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(opened)
    return False


def _remove(folder: Path) -> None:
    """The folder first: one without its lock would be left for the next start, one with a free lock is too."""
    shutil.rmtree(folder, ignore_errors=True)
    _lock_of(folder).unlink(missing_ok=True)
