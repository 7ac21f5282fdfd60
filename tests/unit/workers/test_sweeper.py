"""The sweeper outlives whatever goes wrong in one round, and tells of it without quoting it."""

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from lethe.adapters.clock import SystemClock
from lethe.adapters.sql import SqlLedger
from lethe.errors import WorkflowsUnavailable
from lethe.model.operations import Dispatch
from lethe.settings import Settings
from tests.contract.ledger_rows import add_tenant, dispatch
from workers import sweeper
from workers.sweeper import Sweeper
from workflows.starters import Starters


async def test_an_unexpected_failure_is_logged_by_name_and_the_sweeping_goes_on(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    rounds = 0
    swept = asyncio.Event()

    async def failing_once(_: Sweeper) -> int:
        nonlocal rounds
        rounds += 1
        if rounds == 1:
            raise RuntimeError("the patient's name is Ada")
        swept.set()
        return 0

    monkeypatch.setattr(Sweeper, "sweep", failing_once)
    monkeypatch.setattr(sweeper, "PAUSE_SECONDS", 0.01)
    ledger = SqlLedger.from_settings(sqlite_settings)
    with caplog.at_level(logging.INFO, "lethe.sweeper"):
        running = asyncio.create_task(Sweeper(ledger, Starters(None), SystemClock()).run())  # pyright: ignore[reportArgumentType]
        async with asyncio.timeout(60):
            await asyncio.wait({running, asyncio.create_task(swept.wait())}, return_when=asyncio.FIRST_COMPLETED)
    assert not running.done()
    running.cancel()
    assert [record.__dict__["code"] for record in caplog.records] == ["RuntimeError"]
    assert "Ada" not in caplog.text
    await ledger.close()


@dataclass
class _FailingStarters:
    """Starts every workflow but those of ``broken``; they fail each time, one of them with an error of no kind."""

    broken: dict[str, Exception]
    started: list[str] = field(default_factory=list[str])

    async def start(self, dispatch: Dispatch) -> None:
        if dispatch.workflow_id in self.broken:
            raise self.broken[dispatch.workflow_id]
        self.started.append(dispatch.workflow_id)


async def test_what_cannot_be_started_holds_up_no_other(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeper, "PAGE", 2)
    ledger, clock = SqlLedger.from_settings(sqlite_settings), SystemClock()
    tenant = await add_tenant(ledger)
    old = clock.now() - timedelta(minutes=1)
    rows = [dispatch(tenant, created_at=old + timedelta(seconds=number)) for number in range(5)]
    async with ledger.write() as unit:
        for row in rows:
            await unit.dispatches.add(row)
    broken: dict[str, Exception] = {rows[0].workflow_id: WorkflowsUnavailable(), rows[1].workflow_id: KeyError("kind")}
    starters = _FailingStarters(broken)
    sweeping = Sweeper(ledger, starters, clock)  # pyright: ignore[reportArgumentType]
    assert await sweeping.sweep() == 3
    assert starters.started == [row.workflow_id for row in rows[2:]]
    assert await sweeping.sweep() == 0
    async with ledger.read() as unit:
        assert [row.workflow_id for row in await unit.dispatches.pending(clock.now(), 10)] == list(broken)
    await ledger.close()
