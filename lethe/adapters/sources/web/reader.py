"""Pages of the web: one, or those of a sitemap."""

import asyncio
import hashlib
import mimetypes
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import aclosing
from typing import Final

import httpx

from lethe.adapters.sources.credentials import credentials_of
from lethe.adapters.sources.limits import at_most, no_larger, refuse_larger
from lethe.adapters.sources.naming import file_name
from lethe.adapters.sources.web.crawling import Site
from lethe.adapters.sources.web.fetching import Fetcher, Page
from lethe.errors import (
    LetheError,
    SourceAddressRefused,
    SourceItemChanged,
    SourceItemGone,
    SourceItemTooLarge,
    SourceListingIncomplete,
)
from lethe.model.sources import SourceAddress, SourceFilters, SourceItem
from lethe.model.web_addresses import UnfitAddress, WebAddress, web_address
from lethe.settings import SourceSettings

_DIGEST: Final = "sha256:"
_TOO_LARGE: Final = "larger"


def check_web(source: SourceAddress, settings: SourceSettings) -> WebAddress:
    """Raises SourceAddressRefused, SourceCredentialsUnknown."""
    try:
        address = web_address(source.address, private_hosts=settings.private_hosts)
    except UnfitAddress as error:
        raise SourceAddressRefused(f"It cannot be a page: {error}.") from error
    if "#" in source.address:
        raise SourceAddressRefused("A part of a page is no page.")
    credentials_of(source, settings)
    return address


class WebReader:
    """The `SourceReader` port. A page's revision is its ETag, else when it was modified, else a digest of its bytes."""

    def __init__(self, site: Site, fetcher: Fetcher, filters: SourceFilters, at_once: int) -> None:
        self._site: Final = site
        self._fetcher: Final = fetcher
        self._filters: Final = filters
        self._at_once: Final = at_once
        self._known: frozenset[str] | None = None

    @classmethod
    async def open(
        cls,
        source: SourceAddress,
        filters: SourceFilters,
        settings: SourceSettings,
    ) -> "WebReader":
        """Connects to nothing yet. Raises SourceAddressRefused, SourceCredentialsUnknown."""
        address = check_web(source, settings)
        fetcher = Fetcher(settings, source.tenant_id, credentials_of(source, settings))
        return cls(
            Site(address, fetcher, filters, settings.robots_agent), fetcher, filters, at_once=settings.web_requests
        )

    def items(self) -> AsyncIterator[SourceItem]:
        return at_most(self._items(), self._filters.max_items)

    async def item(self, key: str) -> SourceItem | None:
        if self._known is None:  # asked once: keys come by the hundred
            self._known = frozenset(await self._site.pages())
        return await self._item(key) if key in self._known else None

    async def holds_beside(self, key: str) -> bool:
        return True

    def read(self, item: SourceItem) -> AsyncIterator[bytes]:
        return no_larger(self._read(item), self._filters.max_item_bytes)

    async def close(self) -> None:
        await self._fetcher.close()

    async def _items(self) -> AsyncGenerator[SourceItem]:
        pages = await self._site.pages()
        for start in range(0, len(pages), self._at_once):
            looked_at = await asyncio.gather(
                *(self._item(page) for page in pages[start : start + self._at_once]), return_exceptions=True
            )
            for item in _unbroken(looked_at):
                yield item

    async def _read(self, item: SourceItem) -> AsyncGenerator[bytes]:
        async with self._fetcher.fetch("GET", item.key, _conditions(item)) as page:
            if page.status == 412:
                raise SourceItemChanged
            if page.is_missing:
                raise SourceItemGone
            page.refuse_failed()
            if item.revision == _TOO_LARGE:
                raise SourceItemTooLarge
            refuse_larger(_length(page.headers), self._filters.max_item_bytes)
            is_digest = item.revision.startswith(_DIGEST)
            if not is_digest and _validators(page.headers) != item.revision:
                raise SourceItemChanged
            digest = hashlib.sha256()
            async for piece in page.pieces:
                digest.update(piece)
                yield piece
            if is_digest and item.revision != _DIGEST + digest.hexdigest():
                raise SourceItemChanged

    async def _item(self, address: str) -> SourceItem | None:
        """None for a page that is not there. Raises SourceListingIncomplete for one that does not say."""
        async with self._fetcher.fetch("HEAD", address) as page:
            if 200 <= page.status < 300 and (revision := _validators(page.headers)):
                return _described(address, page, revision)
        # Some servers refuse HEAD, or answer it with less than they answer GET.
        async with self._fetcher.fetch("GET", address) as page:
            if page.is_missing:
                return None
            page.refuse_failed()
            return _described(address, page, _validators(page.headers) or await self._digest(page))

    async def _digest(self, page: Page) -> str:
        digest = hashlib.sha256()
        try:
            async with aclosing(no_larger(page.pieces, self._filters.max_item_bytes)) as pieces:
                async for piece in pieces:
                    digest.update(piece)
        except SourceItemTooLarge:
            return _TOO_LARGE
        return _DIGEST + digest.hexdigest()


def _unbroken(looked_at: Iterable[SourceItem | BaseException | None]) -> list[SourceItem]:
    """The items. Raises SourceListingIncomplete where a page's state is not known."""
    items: list[SourceItem] = []
    for each in looked_at:
        if isinstance(each, LetheError):
            raise SourceListingIncomplete(f"A page could not be looked at: {each.title}.") from each
        if isinstance(each, BaseException):
            raise each
        if each is not None:
            items.append(each)
    return items


def _described(address: str, page: Page, revision: str) -> SourceItem:
    media_type = page.headers.get("content-type", "").partition(";")[0].strip().lower() or None
    return SourceItem(address, address, _name(address, media_type), revision, _length(page.headers), media_type)


def _validators(headers: httpx.Headers) -> str:
    """What the server says instead of the bytes; "" if nothing."""
    if etag := headers.get("etag", ""):
        return f"etag:{etag}"
    modified = headers.get("last-modified", "")
    return f"modified:{modified}" if modified else ""


def _conditions(item: SourceItem) -> dict[str, str]:
    """A page that changed is not sent at all by a server that knows."""
    name, _, value = item.revision.partition(":")
    if name == "etag" and not value.startswith("W/"):
        return {"if-match": value}
    return {"if-unmodified-since": value} if name == "modified" else {}


def _length(headers: httpx.Headers) -> int | None:
    length = headers.get("content-length", "")
    return int(length) if length.isdecimal() and "content-encoding" not in headers else None


def _name(address: str, media_type: str | None) -> str:
    path = address.partition("://")[2].partition("/")[2].partition("?")[0]
    name = file_name(path) or "index"
    if media_type is None or mimetypes.guess_type(name)[0] == media_type:
        return name
    return name + (mimetypes.guess_extension(media_type) or "")
