"""The contract of the keyword index on the fake, on SQLite and on PostgreSQL."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

import pytest

from lethe.adapters.fakes.keywords import InMemoryKeywordIndex
from lethe.adapters.keywords import SqliteKeywords, keywords_from_settings
from lethe.errors import IndexBuildMissing
from lethe.model.ids import new_id
from lethe.ports.keywords import KeywordIndex
from lethe.settings import Settings
from tests.contract.keyword_index import Drawer, KeywordIndexContract


def whole(file: Path) -> None:
    file.write_bytes(b"garbage " * 2_000)


def after_the_header(file: Path) -> None:
    held = file.read_bytes()
    file.write_bytes(held[:100] + b"\xaa" * (len(held) - 100))


def emptied(file: Path) -> None:
    file.write_bytes(b"")


async def search(drawer: Drawer) -> bool:
    with pytest.raises(IndexBuildMissing):
        await drawer.ask("rope")
    return True


async def write(drawer: Drawer) -> bool:
    with pytest.raises(IndexBuildMissing):
        await drawer.put(["rope"])
    return True


async def delete(drawer: Drawer) -> bool:
    return await drawer.index.delete_versions(drawer.build, [new_id()]) == 0


class TestInMemoryKeywordIndex(KeywordIndexContract):
    @pytest.fixture
    async def index(self) -> InMemoryKeywordIndex:
        return InMemoryKeywordIndex()


class TestSqliteKeywords(KeywordIndexContract):
    @pytest.fixture
    async def index(self, tmp_path: Path) -> SqliteKeywords:
        return SqliteKeywords(tmp_path / "keywords", wait_seconds=15)

    @pytest.mark.parametrize("damage", [whole, after_the_header, emptied])
    @pytest.mark.parametrize("use", [search, write, delete])
    async def test_a_damaged_file_is_a_build_that_is_lost(
        self, drawer: Drawer, tmp_path: Path, damage: Callable[[Path], object], use: Callable[[Drawer], Awaitable[bool]]
    ) -> None:
        await drawer.put(["rope", "anchor"])
        (file,) = (tmp_path / "keywords").iterdir()
        damage(file)
        assert await use(drawer)
        assert not await drawer.index.exists(drawer.build)
        await drawer.index.create_build(drawer.build)
        (put,) = await drawer.put(["rope"])
        assert await drawer.ask("rope") == [put.chunk_id]


class TestPostgresKeywords(KeywordIndexContract):
    @pytest.fixture
    async def index(self, postgres_settings: Settings) -> AsyncGenerator[KeywordIndex]:
        index = keywords_from_settings(postgres_settings)
        yield index
        await index.close()
