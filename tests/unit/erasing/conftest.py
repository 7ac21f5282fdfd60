"""A world, and the workflow of an erasure outside of Temporal."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest_asyncio

from lethe.settings import Settings
from tests.unit.erasing.driving import outside_temporal
from tests.unit.erasing.world import ErasingWorld

__all__ = ["outside_temporal"]


@pytest_asyncio.fixture
async def world(sqlite_settings: Settings, tmp_path: Path, outside_temporal: None) -> AsyncGenerator[ErasingWorld]:
    opened = await ErasingWorld.begin(sqlite_settings, tmp_path)
    yield opened
    await opened.close()
