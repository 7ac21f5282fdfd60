"""Blobs over fsspec. Calls of the driver block, so each runs in a thread."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final, TypeVar, cast

from fsspec.core import url_to_fs  # pyright: ignore[reportUnknownVariableType]

from lethe.adapters.blobs.driver import Driver
from lethe.errors import BlobUnavailable, EnvironmentMismatch, LetheError, NotFound
from lethe.model.ids import new_id
from lethe.settings import Environment, Settings

_PIECE_BYTES: Final = 1024 * 1024
_READY_SECONDS: Final = 2.0
_STAMP: Final = ".lethe-environment"
_PART_SUFFIX: Final = ".part"
_RACES: Final = 50
"""How often a call begins again because someone else removed the same folder meanwhile."""
_SEGMENT: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}")
"""No segment begins with a dot, so no key climbs out of the root and none can be the stamp or an unfinished write."""

_T = TypeVar("_T")


class FsspecBlobs:
    """The `BlobStore` port below one address. The first call stamps an empty store with its environment.

    A write goes to a hidden name beside the blob and is renamed when all of it is there (and, on a local disk, synced).
    It then removes what killed writers of the same blob left hidden.
    Every method may raise EnvironmentMismatch.
    """

    def __init__(self, url: str, environment: Environment) -> None:
        driver, root = cast("tuple[Driver, str]", url_to_fs(url))
        self._driver: Final = driver
        self._root: Final = root.rstrip("/")
        self._environment: Final = environment
        self._is_local: Final = "file" in _protocols(driver)
        self._is_open = False

    @classmethod
    def from_settings(cls, settings: Settings) -> "FsspecBlobs":
        """The configured store; not touched yet."""
        return cls(settings.blob_url, settings.environment)

    async def open(self) -> None:
        """Write the environment's stamp, or check it. Raises EnvironmentMismatch, BlobUnavailable."""
        if not self._is_open:
            await self._run(self._check_stamp)
            self._is_open = True

    async def write(self, key: str, data: AsyncIterator[bytes]) -> int:
        path = self._path(key)
        await self.open()
        folder, _, name = path.rpartition("/")
        part = f"{folder}/.{name}.{new_id()}{_PART_SUFFIX}"
        try:
            file = await self._run(lambda: self._create(folder, part))
            try:
                size = 0
                async for piece in data:
                    await self._run(lambda piece=piece: file.write(piece))
                    size += len(piece)
                await self._run(lambda: self._sync(file))
            finally:
                await asyncio.shield(self._run(file.close))
            await self._run(lambda: self._rename(part, path))
            await self._run(lambda: self._remove_left_parts(folder, name))
        except BaseException:
            await asyncio.shield(self._run(lambda: self._remove_file(part)))
            raise
        return size

    async def read(self, key: str) -> AsyncIterator[bytes]:
        path = self._path(key)
        await self.open()
        file = await self._run(lambda: self._open_to_read(path))
        try:
            while piece := await self._run(lambda: file.read(_PIECE_BYTES)):
                yield piece
        finally:
            await asyncio.shield(self._run(file.close))

    async def delete_prefix(self, prefix: str) -> int:
        path = self._path(prefix)
        await self.open()
        return await self._run(lambda: self._delete_tree(path))

    async def list(self, prefix: str = "") -> AsyncIterator[str]:
        path = self._path(prefix) if prefix else self._root
        await self.open()
        for key in await self._run(lambda: self._keys(path)):
            yield key

    async def leftovers(self, prefix: str) -> int:
        path = self._path(prefix)
        await self.open()
        return await self._run(lambda: self._files(path))

    async def ready(self) -> bool:
        try:
            async with asyncio.timeout(_READY_SECONDS):
                await self.open()
                await self._run(lambda: self._driver.exists(f"{self._root}/{_STAMP}"))
        except (BlobUnavailable, EnvironmentMismatch, TimeoutError):
            return False
        return True

    def _path(self, key: str) -> str:
        """Raises ValueError for a key that is not made of plain segments."""
        segments = key.removesuffix("/").split("/")
        if not all(_SEGMENT.fullmatch(segment) for segment in segments):
            raise ValueError("a blob's key has segments of letters, digits, dot, hyphen and underscore")
        return f"{self._root}/{'/'.join(segments)}"

    async def _run(self, call: Callable[[], _T]) -> _T:
        try:
            return await asyncio.to_thread(call)
        except LetheError:
            raise
        except Exception as error:  # drivers raise their vendors' own kinds
            raise BlobUnavailable from error

    def _check_stamp(self) -> None:
        path = f"{self._root}/{_STAMP}"
        self._driver.makedirs(self._root, exist_ok=True)
        if not self._driver.exists(path):
            self._driver.pipe_file(path, self._environment.value.encode())
        found = self._driver.cat_file(path).decode(errors="replace").strip()
        if found != self._environment.value:
            raise EnvironmentMismatch(f"The blob store belongs to the environment {found!r}.")

    def _create(self, folder: str, part: str) -> BinaryIO:
        for _ in range(_RACES):
            # A deletion beside this one may prune the folder until there is a file in it.
            with suppress(FileNotFoundError):
                self._driver.makedirs(folder, exist_ok=True)
                return self._driver.open(part, "wb")
        raise BlobUnavailable

    def _open_to_read(self, path: str) -> BinaryIO:
        try:
            return self._driver.open(path, "rb")
        except FileNotFoundError as error:
            raise NotFound("There is no such blob.") from error

    def _sync(self, file: BinaryIO) -> None:
        if self._is_local:
            file.flush()
            os.fsync(file.fileno())

    def _rename(self, part: str, path: str) -> None:
        try:
            if self._is_local:
                Path(part).replace(path)
            else:
                self._driver.mv(part, path)
        except FileNotFoundError:
            # Another writer of this blob was done first and took our part for a dead one: its bytes are the later ones.
            if not self._driver.exists(path):
                raise
        if not self._is_local:
            return
        folder = os.open(Path(path).parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # the rename itself is durable only with its folder
        finally:
            os.close(folder)

    def _remove_left_parts(self, folder: str, name: str) -> None:
        self._driver.invalidate_cache()
        left = re.compile(rf"{re.escape(f'{folder}/.{name}.')}[0-9a-f-]+{re.escape(_PART_SUFFIX)}")
        for path in self._driver.find(folder):
            if left.fullmatch(path):
                self._remove_file(path)

    def _remove_file(self, path: str) -> None:
        with suppress(FileNotFoundError):
            self._driver.rm_file(path)

    def _keys(self, path: str) -> "list[str]":
        self._driver.invalidate_cache()
        found = self._driver.find(path) if self._driver.exists(path) else ()
        keys = (name[len(self._root) :].lstrip("/") for name in found)
        return sorted(key for key in keys if not key.rpartition("/")[2].startswith("."))

    def _files(self, path: str) -> int:
        self._driver.invalidate_cache()
        return len(self._driver.find(path)) if self._driver.exists(path) else 0

    def _delete_tree(self, path: str) -> int:
        count = len(self._keys(path))
        for _ in range(_RACES):
            if not self._driver.exists(path):
                self._prune(path)
                return count
            # Missing: someone else deletes the same, and may have been faster with a part of it only.
            with suppress(FileNotFoundError):
                self._driver.rm(path, recursive=True)
        raise BlobUnavailable

    def _prune(self, path: str) -> None:
        """Remove the folders above that are empty now: their names are ids too."""
        folder = path.rpartition("/")[0]
        while self._is_local and len(folder) > len(self._root):
            try:
                Path(folder).rmdir()
            except OSError:
                return
            folder = folder.rpartition("/")[0]


def _protocols(driver: Driver) -> tuple[str, ...]:
    return (driver.protocol,) if isinstance(driver.protocol, str) else driver.protocol
