"""The fault suite in small: the components in turn, on a seed of its own each time, printed."""

import secrets
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chaos.installation import installation
from tests.chaos.plan import plan
from tests.chaos.suite import run, summary

KILLS = 8


@pytest.mark.slow
@pytest.mark.timeout(1200)
async def test_eight_kills_lose_double_and_confuse_nothing(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    seed = secrets.randbelow(10**6)
    record_property("again, and longer", f"python -m tests.chaos --seed {seed}")
    async with installation(tmp_path / "i", "embedded") as running:
        outcome = await run(running, seed, plan(seed, KILLS), seconds=480, say=print)
    assert len(outcome.kills) == KILLS
    assert outcome.book.violations == []
    assert outcome.result.findings == []
    assert summary(outcome)["documents"]["ok"] > 0
