"""Files of a folder of this machine's. No link leads out of it, however quickly one is put in a file's place."""

import asyncio
import errno
import os
import stat
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from lethe.adapters.sources.limits import PIECE_BYTES, at_most, no_larger, refuse_larger
from lethe.adapters.sources.naming import file_name, is_below, is_inside, path_of, uri_path
from lethe.errors import (
    SourceAccessDenied,
    SourceAddressRefused,
    SourceItemChanged,
    SourceItemGone,
    SourceListingIncomplete,
    SourceMissing,
    SourceUnavailable,
)
from lethe.model.sources import SourceAddress, SourceFilters, SourceItem
from lethe.settings import SourceSettings

_OPENED: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
"""A pipe that was put in a file's place does not hang, and is refused when it is looked at."""


def check_folder(source: SourceAddress, settings: SourceSettings) -> str:
    """The folder's path. Raises SourceAddressRefused for one that is not below those that are allowed."""
    path = source.address.removeprefix("file://")
    is_allowed = any(is_below(path, base, source.tenant_id) for base in settings.folders)
    if not path.startswith("/") or "\0" in path or source.credentials or not is_allowed:
        raise SourceAddressRefused("It is not a folder below those of `sources.folders`.")
    return path.rstrip("/")


class FolderReader:
    """The `SourceReader` port. A file's revision is when it was changed, and its size."""

    def __init__(self, path: str, root: str, filters: SourceFilters) -> None:
        self._address: Final = f"file://{uri_path(path)}"
        self._root: Final = root
        self._filters: Final = filters

    @classmethod
    async def open(cls, source: SourceAddress, filters: SourceFilters, settings: SourceSettings) -> "FolderReader":
        """Raises SourceAddressRefused, also for a link that leads elsewhere; SourceMissing."""
        path = check_folder(source, settings)
        bases = [base.replace("{tenant}", source.tenant_id) for base in settings.folders]
        root = await asyncio.to_thread(_root, path, bases)
        return cls(path, root, filters)

    def items(self) -> AsyncIterator[SourceItem]:
        return at_most(self._items(), self._filters.max_items)

    async def item(self, key: str) -> SourceItem | None:
        path = path_of(key)
        if "\0" in path or uri_path(path) != key or not self._filters.lets_through(path):
            return None
        return await asyncio.to_thread(self._item, path)

    async def holds_beside(self, key: str) -> bool:
        folders = [path_of(key).rpartition("/")[0]]
        while folders:
            below, holds = await asyncio.to_thread(self._holds, folders.pop())
            if holds:
                return True
            folders.extend(below)
        return False

    def read(self, item: SourceItem) -> AsyncIterator[bytes]:
        return no_larger(self._read(item), self._filters.max_item_bytes)

    async def close(self) -> None:
        """Nothing is open between calls."""

    async def _items(self) -> AsyncGenerator[SourceItem]:
        began = await asyncio.to_thread(self._identity)
        folders = [""]
        while folders:
            below, found = await asyncio.to_thread(self._scan, folders.pop())
            folders.extend(below)
            for item in found:
                yield item
        # A disk that was taken away lists as empty.
        if await asyncio.to_thread(self._identity) != began:
            raise SourceListingIncomplete("The folder was replaced while it was listed.")

    async def _read(self, item: SourceItem) -> AsyncGenerator[bytes]:
        refuse_larger(item.size, self._filters.max_item_bytes)
        file = await asyncio.to_thread(self._opened, path_of(item.key))
        try:
            if _revision(os.fstat(file)) != item.revision:
                raise SourceItemChanged
            size = 0
            with _told():
                while piece := await asyncio.to_thread(os.read, file, PIECE_BYTES):
                    size += len(piece)
                    yield piece
            if _revision(os.fstat(file)) != item.revision or size != item.size:
                raise SourceItemChanged
        finally:
            os.close(file)

    def _identity(self) -> tuple[int, int]:
        try:
            status = Path(self._root).stat()
        except FileNotFoundError as error:
            raise SourceMissing from error
        except OSError as error:
            raise SourceUnavailable from error
        return status.st_dev, status.st_ino

    def _scan(self, folder: str) -> tuple[list[str], list[SourceItem]]:
        """The folders and the items in it. Raises SourceListingIncomplete."""
        below: list[str] = []
        found: list[SourceItem] = []
        try:
            with os.scandir(os.path.join(self._root, folder)) as entries:  # noqa: PTH118 - folder "" must stay
                for entry in sorted(entries, key=lambda entry: entry.name):
                    path = f"{folder}/{entry.name}" if folder else entry.name
                    if entry.is_dir(follow_symlinks=False):
                        below.append(path)
                    elif self._filters.lets_through(path) and (item := self._item(path)):
                        found.append(item)
        except OSError as error:
            raise SourceListingIncomplete("A folder below it could not be listed.") from error
        return below, found

    def _item(self, path: str) -> SourceItem | None:
        resolved = self._resolved(path)
        if resolved is None:
            return None
        try:
            status = Path(resolved).lstat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise SourceUnavailable from error
        if not stat.S_ISREG(status.st_mode):
            return None
        key = uri_path(path)
        return SourceItem(key, f"{self._address}/{key}", file_name(path), _revision(status), status.st_size)

    def _holds(self, folder: str) -> tuple[list[str], bool]:
        """The folders in it, and whether an item is: then not all of them."""
        below: list[str] = []
        resolved = self._resolved(folder) if folder else self._root
        if resolved is None:
            return below, False
        try:
            with os.scandir(resolved) as entries:
                for entry in entries:
                    path = f"{folder}/{entry.name}" if folder else entry.name
                    if entry.is_dir(follow_symlinks=False):
                        below.append(path)
                    elif self._filters.lets_through(path) and self._item(path):
                        return below, True
        except (FileNotFoundError, NotADirectoryError):
            return below, False
        except OSError as error:
            raise SourceUnavailable from error
        return below, False

    def _resolved(self, path: str) -> str | None:
        """Where a path below the folder leads; None if that is outside."""
        if any(segment in ("", ".", "..") for segment in path.split("/")):
            return None
        resolved = os.path.realpath(f"{self._root}/{path}")
        return resolved if is_inside(resolved, self._root) else None

    def _opened(self, path: str) -> int:
        """The file. From where the path was found to lead, no further link is followed."""
        resolved = self._resolved(path)
        if resolved is None:
            raise SourceItemGone
        with _told():
            at = os.open(self._root, _OPENED | os.O_DIRECTORY)
            for segment in os.path.relpath(resolved, self._root).split("/"):
                try:
                    below = os.open(segment, _OPENED, dir_fd=at)
                finally:
                    os.close(at)
                at = below
        if not stat.S_ISREG(os.fstat(at).st_mode):
            os.close(at)
            raise SourceItemGone
        return at


def _root(path: str, bases: Sequence[str]) -> str:
    """Where the folder really is. Raises SourceAddressRefused, SourceMissing."""
    root = os.path.realpath(path)
    if not any(is_inside(root, os.path.realpath(base)) for base in bases):
        raise SourceAddressRefused("It is a link that leads out of the folders of `sources.folders`.")
    if not Path(root).is_dir():
        raise SourceMissing
    return root


@contextmanager
def _told() -> Generator[None]:
    """What the machine says of one file, in the port's errors."""
    try:
        yield
    except FileNotFoundError as error:
        raise SourceItemGone from error
    except PermissionError as error:
        raise SourceAccessDenied("The file may not be read by the worker's user.") from error
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.ENXIO):  # replaced by a link, by a file, by a socket
            raise SourceItemChanged from error
        raise SourceUnavailable from error


def _revision(status: os.stat_result) -> str:
    return f"{status.st_mtime_ns}:{status.st_size}"
