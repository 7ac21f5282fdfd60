"""A source in memory: what it lists, gives and refuses is what a test puts in."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from lethe.errors import LetheError, SourceItemGone
from lethe.model.sources import SourceAddress, SourceFilters, SourceItem


@dataclass
class FakeSource:
    """``items`` by key: revision and bytes. ``fails`` raises as soon as it is listed, ``unreadable`` for an item.

    ``unlisted``: what listing alone raises, ``unanswered``: what asking for an item does. ``meanwhile`` happens while
    an item's bytes are read.
    """

    items: dict[str, tuple[str, bytes]] = field(default_factory=dict[str, tuple[str, bytes]])
    fails: LetheError | None = None
    unlisted: LetheError | None = None
    unreadable: dict[str, LetheError] = field(default_factory=dict[str, LetheError])
    unanswered: dict[str, LetheError] = field(default_factory=dict[str, LetheError])
    reads: list[str] = field(default_factory=list[str])
    meanwhile: Callable[[str], Awaitable[None]] | None = None
    listings: int = 0
    is_open: bool = False

    def put(self, key: str, text: str, revision: str = "1") -> None:
        self.items[key] = (revision, text.encode())


@dataclass
class FakeReader:
    """lethe.ports.sources.SourceReader."""

    source: FakeSource
    address: str
    filters: SourceFilters

    async def items(self) -> AsyncIterator[SourceItem]:
        self.source.listings += 1
        for key in list(self.source.items):
            if (item := await self.item(key)) is not None:
                yield item
        if error := self.source.fails or self.source.unlisted:
            raise error

    async def item(self, key: str) -> SourceItem | None:
        if self.source.fails:
            raise self.source.fails
        if key in self.source.unanswered:
            raise self.source.unanswered[key]
        if key not in self.source.items or not self.filters.lets_through(key):
            return None
        revision, data = self.source.items[key]
        return SourceItem(key, f"{self.address}/{key}", key.rpartition("/")[2], revision, len(data), "text/plain")

    async def holds_beside(self, key: str) -> bool:
        folder = key[: key.rfind("/") + 1]
        return any(other.startswith(folder) and self.filters.lets_through(other) for other in self.source.items)

    async def read(self, item: SourceItem) -> AsyncIterator[bytes]:
        self.source.reads.append(item.key)
        if item.key in self.source.unreadable:
            raise self.source.unreadable[item.key]
        if item.key not in self.source.items:
            raise SourceItemGone
        if self.source.meanwhile:
            await self.source.meanwhile(item.key)
        yield self.source.items[item.key][1]

    async def close(self) -> None:
        self.source.is_open = False


@dataclass
class FakeSources:
    """lethe.ports.sources.SourceReaders: every address is the same source. ``refuses``: what `check` raises."""

    source: FakeSource = field(default_factory=FakeSource)
    refuses: LetheError | None = None

    def check(self, source: SourceAddress) -> None:
        if self.refuses:
            raise self.refuses

    async def open(self, source: SourceAddress, filters: SourceFilters) -> FakeReader:
        self.check(source)
        self.source.is_open = True
        return FakeReader(self.source, source.address, filters)
