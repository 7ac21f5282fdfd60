"""The contract of the keyword index on the fake, on SQLite and on PostgreSQL."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from lethe.adapters.fakes.keywords import InMemoryKeywordIndex
from lethe.adapters.keywords import SqliteKeywords, keywords_from_settings
from lethe.ports.keywords import KeywordIndex
from lethe.settings import Settings
from tests.contract.keyword_index import KeywordIndexContract


class TestInMemoryKeywordIndex(KeywordIndexContract):
    @pytest.fixture
    async def index(self) -> InMemoryKeywordIndex:
        return InMemoryKeywordIndex()


class TestSqliteKeywords(KeywordIndexContract):
    @pytest.fixture
    async def index(self, tmp_path: Path) -> SqliteKeywords:
        return SqliteKeywords(tmp_path / "keywords", wait_seconds=15)


class TestPostgresKeywords(KeywordIndexContract):
    @pytest.fixture
    async def index(self, postgres_settings: Settings) -> AsyncGenerator[KeywordIndex]:
        index = keywords_from_settings(postgres_settings)
        yield index
        await index.close()
