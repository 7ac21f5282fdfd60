"""Objects of any store that fsspec has a driver for. Calls of the driver block, so each runs in a thread."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from typing import BinaryIO, Final, Literal, Protocol, TypeVar, cast

from fsspec import get_filesystem_class  # pyright: ignore[reportUnknownVariableType]
from fsspec.core import url_to_fs  # pyright: ignore[reportUnknownVariableType]

from lethe.adapters.sources.credentials import credentials_of
from lethe.adapters.sources.limits import PIECE_BYTES, at_most, no_larger, refuse_larger
from lethe.adapters.sources.naming import file_name, has_dot_segment, is_below, uri_path
from lethe.errors import (
    LetheError,
    SourceAccessDenied,
    SourceAddressRefused,
    SourceItemChanged,
    SourceItemGone,
    SourceMissing,
    SourceToolMissing,
    SourceUnavailable,
)
from lethe.model.sources import SourceAddress, SourceFilters, SourceItem
from lethe.settings import SourceSettings

_ADDRESS: Final = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*)://[^\\?#\x00-\x1f\x7f]+")
_FLAT: Final = ("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "oss", "oci", "memory")
"""Stores without folders, so that no link leads out of one."""
_FACTS: Final = (
    "ETag",
    "etag",
    "generation",
    "md5Hash",
    "LastModified",
    "last_modified",
    "mtime",
    "modified",
    "created",
    "size",
)
"""What drivers tell of an object that is another when its bytes are."""

_OWN_OPTIONS: Final[Mapping[str, Mapping[str, object]]] = {
    "s3": {"config_kwargs": {"retries": {"max_attempts": 0}, "connect_timeout": 10, "read_timeout": 60}}
}
"""Retries are left to whoever calls."""

_Info = Mapping[str, object]
_T = TypeVar("_T")


class _Driver(Protocol):
    """What is used of an fsspec file system, which has no types; blocking."""

    def ls(self, path: str, detail: Literal[True]) -> Sequence[_Info]: ...
    def info(self, path: str) -> _Info: ...
    def exists(self, path: str) -> bool: ...
    def open(self, path: str, mode: Literal["rb"]) -> BinaryIO: ...
    def invalidate_cache(self) -> None: ...


def check_object_store(source: SourceAddress, settings: SourceSettings) -> str:
    """The scheme. Raises SourceAddressRefused, SourceCredentialsUnknown."""
    parts = _ADDRESS.fullmatch(source.address)
    if parts is None or "::" in source.address or parts["scheme"] not in _FLAT:
        raise SourceAddressRefused("It is not an address as `s3://bucket/path` of a store that is supported.")
    is_ours = any(is_below(source.address.rstrip("/"), base, source.tenant_id) for base in settings.object_stores)
    if credentials_of(source, settings) is None and not is_ours:
        raise SourceAddressRefused("It is not below those of `sources.object_stores`, and there are no credentials.")
    return parts["scheme"]


class ObjectStoreReader:
    """The `SourceReader` port. A key is an object's in its bucket; its revision is what the driver tells of it."""

    def __init__(self, driver: _Driver, root: str, address: str, filters: SourceFilters) -> None:
        self._driver: Final = driver
        self._root: Final = root.rstrip("/")
        self._address: Final = address.rstrip("/")
        self._filters: Final = filters
        outside = len(self._root) - len(self._root.lstrip("/"))
        self._container: Final = self._root[: outside + len(self._root[outside:].split("/", 1)[0])]

    @classmethod
    async def open(cls, source: SourceAddress, filters: SourceFilters, settings: SourceSettings) -> "ObjectStoreReader":
        """Raises SourceAddressRefused, SourceCredentialsUnknown, SourceToolMissing."""
        scheme = check_object_store(source, settings)
        credentials = credentials_of(source, settings)
        options = credentials.options if credentials else {}
        opened = {name: value.get_secret_value() for name, value in options.items()}
        try:
            await asyncio.to_thread(lambda: get_filesystem_class(scheme))
        except (ImportError, ValueError) as error:
            raise SourceToolMissing(f"The package that reads {scheme}:// addresses.") from error
        try:
            driver, root = await asyncio.to_thread(_driver, source.address, opened)
        except Exception as error:  # drivers raise their vendors' own kinds
            raise SourceUnavailable from error
        return cls(driver, root, source.address, filters)

    def items(self) -> AsyncIterator[SourceItem]:
        return at_most(self._items(), self._filters.max_items)

    async def item(self, key: str) -> SourceItem | None:
        path = f"{self._container}/{key}"
        if has_dot_segment(key) or (path != self._root and not path.startswith(f"{self._root}/")):
            return None
        return await self._run(lambda: self._looked_up(path))

    async def holds_beside(self, key: str) -> bool:
        return True

    def read(self, item: SourceItem) -> AsyncIterator[bytes]:
        return no_larger(self._read(item), self._filters.max_item_bytes)

    async def close(self) -> None:
        """The driver closes its connections itself, when nobody has it any more."""

    async def _items(self) -> AsyncGenerator[SourceItem]:
        paths = [self._root]
        while paths:
            path = paths.pop()
            for info in await self._run(lambda path=path: self._listed(path)):
                name = _name(info)
                if info.get("type") == "directory":
                    if name.rstrip("/") != path:  # else the path's own marker
                        paths.append(name.rstrip("/"))
                elif info.get("type") == "file" and (item := self._item(info)):
                    yield item

    async def _read(self, item: SourceItem) -> AsyncGenerator[bytes]:
        refuse_larger(item.size, self._filters.max_item_bytes)
        path = f"{self._container}/{item.key}"
        await self._run(lambda: self._refuse_changed(path, item))
        file = await self._run(lambda: self._opened(path))
        try:
            while piece := await self._run(lambda: file.read(PIECE_BYTES)):
                yield piece
        finally:
            await asyncio.shield(self._run(file.close))
        await self._run(lambda: self._refuse_changed(path, item))

    async def _run(self, call: Callable[[], _T]) -> _T:
        try:
            return await asyncio.to_thread(call)
        except LetheError:
            raise
        except PermissionError as error:
            raise SourceAccessDenied from error
        except Exception as error:  # drivers raise their vendors' own kinds
            raise SourceUnavailable from error

    def _listed(self, path: str) -> Sequence[_Info]:
        """Raises SourceMissing where there is not even a bucket."""
        self._driver.invalidate_cache()
        try:
            return self._driver.ls(path, detail=True)
        except FileNotFoundError as error:
            # Stores have no folders: one that is empty is one that is not there.
            if not self._driver.exists(self._container):
                raise SourceMissing from error
            return ()

    def _looked_up(self, path: str) -> SourceItem | None:
        self._driver.invalidate_cache()
        try:
            info = self._driver.info(path)
        except FileNotFoundError as error:
            if not self._driver.exists(self._container):
                raise SourceMissing from error
            return None
        return self._item(info) if info.get("type") == "file" else None

    def _refuse_changed(self, path: str, item: SourceItem) -> None:
        self._driver.invalidate_cache()
        try:
            info = self._driver.info(path)
        except FileNotFoundError as error:
            raise SourceItemGone from error
        if _revision(info) != item.revision:
            raise SourceItemChanged

    def _opened(self, path: str) -> BinaryIO:
        try:
            return self._driver.open(path, "rb")
        except FileNotFoundError as error:
            raise SourceItemGone from error

    def _item(self, info: _Info) -> SourceItem | None:
        name = _name(info)
        below = name[len(self._root) + 1 :] or file_name(name)
        if name.endswith("/") or has_dot_segment(below) or not self._filters.lets_through(below):
            return None
        uri = self._address if name == self._root else f"{self._address}/{uri_path(below)}"
        size = info.get("size")
        return SourceItem(
            key=name[len(self._container) + 1 :],
            uri=uri,
            name=file_name(name),
            revision=_revision(info),
            size=size if isinstance(size, int) else None,
        )


def _driver(address: str, options: Mapping[str, str]) -> tuple[_Driver, str]:
    """The store's driver, which remembers no listing, and the path in it."""
    own = _OWN_OPTIONS.get(address.partition("://")[0], {})
    quiet = {"use_listings_cache": False, "skip_instance_cache": True}
    return cast("tuple[_Driver, str]", url_to_fs(address, **options, **own, **quiet))


def _name(info: _Info) -> str:
    return str(info["name"])


def _revision(info: _Info) -> str:
    """The first fact that names the bytes, else when they were written and how many they are."""
    told = {fact: _told(info[fact]) for fact in _FACTS if info.get(fact) is not None}
    for exact in ("ETag", "etag", "generation", "md5Hash"):
        if exact in told:
            return told[exact]
    return ":".join(told.values())


def _told(fact: object) -> str:
    """A driver may tell the same moment as a number in a list and as a date of one object."""
    return str(fact.timestamp() if isinstance(fact, datetime) else fact).strip('"')
