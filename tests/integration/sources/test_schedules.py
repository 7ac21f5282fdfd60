"""A source's schedule that somebody changes in Temporal while it is brought to what the ledger says of it."""

from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import Client, ScheduleHandle

from lethe.errors import WorkflowsUnavailable
from lethe.model.ids import new_id
from lethe.model.schedules import Timing
from lethe.model.workflow_ids import schedule_id
from workers.converter import DATA_CONVERTER
from workers.temporal import ensure_search_attributes
from workflows import schedule_updates
from workflows.source_schedules import OPERATOR, SourceSchedules

TENANT, SOURCE = new_id(), new_id()
NOTE = "the disk is being moved"
HOURLY, DAILY = Timing(every_seconds=3600), Timing(every_seconds=86_400)


@pytest.fixture
async def client(temporal_address: str) -> Client:
    connected = await Client.connect(temporal_address, data_converter=DATA_CONVERTER)
    await ensure_search_attributes(connected)
    return connected


@pytest.fixture
async def schedules(client: Client) -> SourceSchedules:
    made = SourceSchedules(lambda: client)
    await made.remove(TENANT, SOURCE)
    await made.ensure(TENANT, SOURCE, DAILY, None)
    return made


def overtaken(client: Client, monkeypatch: pytest.MonkeyPatch, times: int) -> ScheduleHandle:
    """An operator pauses it whenever it was looked at and is about to be changed, so many times."""
    service, handle = client.workflow_service, client.get_schedule_handle(schedule_id(TENANT, SOURCE))
    update, left = service.update_schedule, [NOTE] * times

    async def pausing(*args: Any, **options: Any) -> object:
        if left:
            await handle.pause(note=f"{left.pop()} {len(left)}")
        return await update(*args, **options)

    monkeypatch.setattr(service, "update_schedule", pausing)
    return handle


async def test_a_pause_of_the_same_moment_stays_and_so_does_the_change(
    client: Client, schedules: SourceSchedules, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = overtaken(client, monkeypatch, 2)
    await schedules.ensure(TENANT, SOURCE, HOURLY, None)
    (view,) = await schedules.of_sources(TENANT, [SOURCE])
    assert (view.is_paused, view.paused_by, view.note) == (True, OPERATOR, f"{NOTE} 0")
    (interval,) = (await handle.describe()).schedule.spec.intervals
    assert interval.every == timedelta(hours=1)


async def test_one_that_is_changed_all_the_time_is_left_to_the_next_attempt(
    client: Client, schedules: SourceSchedules, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule_updates, "_PAUSE_SECONDS", 0.0)
    overtaken(client, monkeypatch, 1_000)
    with pytest.raises(WorkflowsUnavailable):
        await schedules.ensure(TENANT, SOURCE, HOURLY, None)


async def test_what_is_as_it_is_to_be_is_not_written(
    client: Client, schedules: SourceSchedules, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def written(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(client.workflow_service, "update_schedule", written)
    await schedules.ensure(TENANT, SOURCE, DAILY, None)
