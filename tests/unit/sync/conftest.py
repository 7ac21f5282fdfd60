"""A source that is followed, of a house over a ledger of its own."""

from collections.abc import AsyncGenerator

import pytest_asyncio

from lethe.adapters.sql import SqlLedger
from lethe.settings import Settings
from tests.unit.sync.following import Following, open_following


@pytest_asyncio.fixture
async def following(sqlite_settings: Settings) -> AsyncGenerator[Following]:
    ledger = SqlLedger.from_settings(sqlite_settings)
    async with open_following(ledger) as following:
        yield following
    await ledger.close()
