from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from lethe.settings import Settings
from tests.unit.api.world import DOCUMENT_BYTES, JSON_BYTES, World, open_world


@pytest.fixture
def api_settings(sqlite_settings: Settings) -> Settings:
    """Small limits, so that what is too large need not be large."""
    limits = sqlite_settings.limits.model_copy(update={"document_bytes": DOCUMENT_BYTES, "json_bytes": JSON_BYTES})
    api = sqlite_settings.api.model_copy(update={"max_in_flight_questions": 2})
    return sqlite_settings.model_copy(update={"limits": limits, "api": api})


@pytest_asyncio.fixture
async def world(api_settings: Settings) -> AsyncGenerator[World]:
    async with open_world(api_settings) as world:
        yield world
