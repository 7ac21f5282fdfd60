"""A corpus, its builds, and what makes and reads them."""

from collections.abc import AsyncGenerator

import pytest_asyncio

from lethe.settings import Settings
from tests.unit.indexing.world import World


@pytest_asyncio.fixture
async def world(sqlite_settings: Settings) -> AsyncGenerator[World]:
    opened = await World.open(sqlite_settings)
    yield opened
    await opened.close()
