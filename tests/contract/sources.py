"""What a reader of sources means: one body, inherited by the suite of every kind."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress

import pytest

from lethe.adapters.sources import ConfiguredReaders
from lethe.errors import (
    LetheError,
    SourceItemChanged,
    SourceItemGone,
    SourceItemTooLarge,
    SourceListingIncomplete,
    SourceMissing,
    SourceTooManyItems,
    SourceUnavailable,
)
from lethe.model.sources import SourceAddress, SourceFilters, SourceItem
from lethe.ports.sources import SourceReader
from lethe.settings import SourceSettings

ALL = SourceFilters()
FILES = {"a.txt": b"the first", "guide/b.md": b"# the second", "guide/deep/c.html": b"<p>third</p>", "empty.txt": b""}


class Place(ABC):
    """Where a source's documents are kept, as its owner sees it."""

    settings: SourceSettings
    source: SourceAddress
    has_folders = False
    """Also without anything in them."""

    @abstractmethod
    async def put(self, path: str, body: bytes) -> None: ...

    @abstractmethod
    async def remove(self, path: str) -> None: ...

    @abstractmethod
    async def break_listing(self) -> None:
        """Something that is there cannot be listed any more."""

    @asynccontextmanager
    async def reader(self, filters: SourceFilters = ALL) -> AsyncGenerator[SourceReader]:
        reader = await ConfiguredReaders(self.settings).open(self.source, filters)
        try:
            yield reader
        finally:
            await reader.close()

    async def items(self, filters: SourceFilters = ALL) -> dict[str, SourceItem]:
        """By file name."""
        async with self.reader(filters) as reader:
            found = [item async for item in reader.items()]
        assert len({item.uri for item in found}) == len({item.key for item in found}) == len(found)
        return {item.name: item for item in found}

    async def body(self, item: SourceItem, filters: SourceFilters = ALL) -> bytes:
        async with self.reader(filters) as reader:
            pieces = [piece async for piece in reader.read(item)]
        assert all(len(piece) <= 1024 * 1024 for piece in pieces)
        return b"".join(pieces)

    async def fill(self, files: Mapping[str, bytes]) -> None:
        for path, body in files.items():
            await self.put(path, body)


class SourceReaderContract:
    """Subclasses give the fixture `place`: an empty one."""

    async def test_lists_everything_and_reads_each_as_it_is(self, place: Place) -> None:
        large = bytes(range(256)) * 10_000
        files = {**FILES, "guide/large.txt": large}
        await place.fill(files)
        items = await place.items()
        assert sorted(items) == sorted(path.rpartition("/")[2] for path in files)
        for path, body in files.items():
            item = items[path.rpartition("/")[2]]
            assert await place.body(item) == body
            assert item.size in (None, len(body))
            assert item.uri.endswith(path)

    async def test_a_revision_is_another_exactly_when_the_bytes_are(self, place: Place) -> None:
        await place.fill(FILES)
        before = await place.items()
        assert await place.items() == before
        await place.put("a.txt", b"another")
        after = await place.items()
        assert {name for name in before if before[name].revision != after[name].revision} == {"a.txt"}
        assert {item.uri for item in before.values()} == {item.uri for item in after.values()}

    async def test_what_is_removed_is_not_listed(self, place: Place) -> None:
        await place.fill(FILES)
        await place.remove("a.txt")
        assert sorted(await place.items()) == ["b.md", "c.html", "empty.txt"]

    async def test_one_key_is_looked_up(self, place: Place) -> None:
        await place.fill(FILES)
        items = await place.items()
        async with place.reader() as reader:
            for item in items.values():
                assert await reader.item(item.key) == item
                assert await reader.holds_beside(item.key)
            for key in ("none.txt", f"{items['a.txt'].key}x", "../a.txt", "", "/", "guide"):
                assert await reader.item(key) is None
        async with place.reader(SourceFilters(exclude=("a.*",))) as reader:
            assert await reader.item(items["a.txt"].key) is None

    async def test_a_folder_without_anything_that_is_wanted_is_told_from_one_that_holds_something(
        self, place: Place
    ) -> None:
        await place.fill(FILES)
        keys = {name: item.key for name, item in (await place.items()).items()}
        await place.put("guide/deep/.keep", b"")
        await place.remove("guide/deep/c.html")
        wanted = SourceFilters(exclude=(".*",))
        async with place.reader(wanted) as reader:
            assert await reader.holds_beside(keys["c.html"]) is not place.has_folders
            assert await reader.holds_beside(keys["b.md"])
        await place.remove("guide/b.md")
        async with place.reader(wanted) as reader:
            assert await reader.holds_beside(keys["b.md"]) is not place.has_folders
            assert await reader.holds_beside(keys["a.txt"])

    async def test_an_item_that_changed_or_went_is_not_read_as_the_old_one(self, place: Place) -> None:
        await place.fill(FILES)
        items = await place.items()
        await place.put("a.txt", b"changed!")
        await place.remove("guide/b.md")
        with pytest.raises(SourceItemChanged):
            await place.body(items["a.txt"])
        with pytest.raises(SourceItemGone):
            await place.body(items["b.md"])

    async def test_filters_are_of_paths_below_the_address(self, place: Place) -> None:
        await place.fill(FILES)
        assert sorted(await place.items(SourceFilters(include=("guide/**",)))) == ["b.md", "c.html"]
        assert sorted(await place.items(SourceFilters(exclude=("*.txt", "guide/deep/*")))) == ["b.md"]

    async def test_too_many_items_are_an_error_and_not_a_shorter_list(self, place: Place) -> None:
        await place.fill(FILES)
        assert len(await place.items(SourceFilters(max_items=4))) == 4
        with pytest.raises(SourceTooManyItems):
            await place.items(SourceFilters(max_items=3))

    async def test_an_item_that_is_too_large_is_listed_and_not_read(self, place: Place) -> None:
        await place.fill(FILES)
        few = SourceFilters(max_item_bytes=10)
        items = await place.items(few)
        assert sorted(items) == ["a.txt", "b.md", "c.html", "empty.txt"]
        assert await place.body(items["a.txt"], few) == b"the first"
        with pytest.raises(SourceItemTooLarge):
            await place.body(items["b.md"], few)

    async def test_a_listing_that_breaks_raises(self, place: Place) -> None:
        await place.fill(FILES)
        await place.break_listing()
        with pytest.raises((SourceListingIncomplete, SourceUnavailable, SourceMissing)):
            await place.items()

    async def test_a_reading_that_is_left_can_be_begun_again(self, place: Place) -> None:
        await place.put("large.txt", bytes(4 * 1024 * 1024))
        item = (await place.items())["large.txt"]
        async with place.reader() as reader:
            with suppress(LetheError):
                async for _ in reader.read(item):
                    break
            assert sum([len(piece) async for piece in reader.read(item)]) == 4 * 1024 * 1024
