"""Erasures among everybody else, in any order of units of work: uploads, patches, replays, builds, holds, kills."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from lethe.settings import Settings
from tests.unit.erasing.wandering import Wandering

WANDERING: Final = 600
"""Units of work of one example, before everybody is let come to an end."""
SEEDS: Final = (0, 1, 2, 3, 4, 5)


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("outside_temporal")
@pytest.mark.parametrize("seed", SEEDS)
async def test_any_order_ends_alike(
    sqlite_settings: Settings, tmp_path: Path, seed: int, record_property: Callable[[str, object], None]
) -> None:
    wandering = await Wandering.begin(sqlite_settings.state, tmp_path / "wandering", seed)
    try:
        await wandering.wander(WANDERING)
        await wandering.settle()
        await wandering.assert_ended()
    finally:
        await wandering.close()
    record_property("units of work", wandering.schedule.steps)
