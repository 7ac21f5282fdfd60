"""Which pages a site has for this reader: what its sitemap says, less what its robots.txt keeps to itself."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from lethe.adapters.sources.limits import no_larger
from lethe.adapters.sources.web.fetching import Fetcher, Page
from lethe.adapters.sources.web.robots import MAX_BYTES as ROBOTS_BYTES
from lethe.adapters.sources.web.robots import Robots, read_robots
from lethe.adapters.sources.web.sitemaps import MAX_BYTES as SITEMAP_BYTES
from lethe.adapters.sources.web.sitemaps import Sitemap, is_sitemap, read_sitemap
from lethe.errors import (
    LetheError,
    SourceAccessDenied,
    SourceAddressRefused,
    SourceItemTooLarge,
    SourceListingIncomplete,
    SourceTooManyItems,
    SourceUnavailable,
)
from lethe.model.sources import SourceFilters
from lethe.model.web_addresses import WebAddress


@dataclass(slots=True)
class Site:
    """The pages at an address: itself, or what it lists. Asked anew each time; robots.txt is asked once."""

    address: WebAddress
    fetcher: Fetcher
    filters: SourceFilters
    agent: str
    _robots: dict[str, Robots] = field(default_factory=dict[str, Robots])

    async def pages(self) -> Sequence[str]:
        """Their addresses, each once. Raises SourceListingIncomplete, SourceTooManyItems and what fetching raises."""
        if not await self._may_read(self.address):
            raise SourceAccessDenied("The site's robots.txt keeps readers like this one away.")
        async with self.fetcher.fetch("GET", str(self.address)) as page:
            page.refuse_failed()
            file = await _sitemap_of(page)
            hosts = {self.address.host, page.address.host}
        if file is None:
            return [str(self.address)] if self._lets_through(self.address) else []
        return await self._taken(file, hosts)

    async def _taken(self, file: bytes, hosts: set[str]) -> Sequence[str]:
        taken: dict[str, None] = {}
        sitemap = await asyncio.to_thread(read_sitemap, file)
        await self._take(sitemap, hosts, taken)
        for url in sitemap.sitemaps:
            part = await self._part(url, hosts)
            await self._take(part, hosts, taken)
        return list(taken)

    async def _take(self, sitemap: Sitemap, hosts: set[str], taken: dict[str, None]) -> None:
        """A page of another site is none of this one's, as the protocol says."""
        for url in sitemap.pages:
            await asyncio.sleep(0)  # a sitemap may name many, and nothing else here need wait for anything
            address = self._of_site(url, hosts)
            if address and self._lets_through(address) and await self._may_read(address):
                taken[str(address)] = None
            if len(taken) > self.filters.max_items:
                raise SourceTooManyItems(f"There are more than {self.filters.max_items}.")

    async def _part(self, url: str, hosts: set[str]) -> Sitemap:
        """A sitemap that an index names. Raises SourceListingIncomplete."""
        address = self._of_site(url, hosts)
        if address is None:
            raise SourceListingIncomplete("The sitemap names one of another site.")
        try:
            async with self.fetcher.fetch("GET", str(address)) as page:
                page.refuse_failed()
                file = await _sitemap_of(page)
        except LetheError as error:
            raise SourceListingIncomplete("One of the site's sitemaps cannot be fetched.") from error
        part = await asyncio.to_thread(read_sitemap, file) if file else None
        if part is None or part.sitemaps:
            raise SourceListingIncomplete("The sitemap names something that is no sitemap.")
        return part

    def _of_site(self, url: str, hosts: set[str]) -> WebAddress | None:
        try:
            address = self.fetcher.address(url.partition("#")[0])
        except SourceAddressRefused:
            return None
        return address if address.host in hosts else None

    def _lets_through(self, address: WebAddress) -> bool:
        return self.filters.lets_through(address.path.partition("?")[0].removeprefix("/"))

    async def _may_read(self, address: WebAddress) -> bool:
        site = f"{address.scheme}://{address.netloc}"
        if site not in self._robots:
            self._robots[site] = await self._asked(f"{site}/robots.txt")
        return self._robots[site].allows(address.path)

    async def _asked(self, url: str) -> Robots:
        """A site that has none lets all be read; one that fails to say is not read (RFC 9309, 2.3.1)."""
        async with self.fetcher.fetch("GET", url) as page:
            if 400 <= page.status < 500 and page.status != 429:
                return Robots()
            if page.status != 200:
                raise SourceUnavailable("The site's robots.txt cannot be fetched.")
            text = await _beginning(page, ROBOTS_BYTES)
        return read_robots(text.decode(errors="replace"), self.agent)


async def _sitemap_of(page: Page) -> bytes | None:
    """The whole file if it is a sitemap. Raises SourceListingIncomplete for a sitemap that is too large."""
    file = bytearray()
    try:
        async with aclosing(no_larger(page.pieces, SITEMAP_BYTES)) as pieces:
            async for piece in pieces:
                file += piece
                if len(file) >= 4096 and not is_sitemap(bytes(file[:4096])):
                    return None
    except SourceItemTooLarge as error:
        raise SourceListingIncomplete("A sitemap is larger than a sitemap may be.") from error
    return bytes(file) if is_sitemap(bytes(file)) else None


async def _beginning(page: Page, most: int) -> bytes:
    file = bytearray()
    async for piece in page.pieces:
        file += piece
        if len(file) >= most:
            break
    return bytes(file[:most])
