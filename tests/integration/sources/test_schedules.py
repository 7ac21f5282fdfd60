"""A source's schedule that somebody changes in Temporal while it is brought to what the ledger says of it."""

import dataclasses
import os
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, ScheduleIntervalSpec, ScheduleSpec, ScheduleUpdate, ScheduleUpdateInput
from temporalio.converter import PayloadCodec

from lethe.errors import WorkflowsUnavailable
from lethe.model.ids import new_id
from lethe.model.schedules import Timing
from lethe.model.workflow_ids import schedule_id
from lethe.settings import Settings
from workers.converter import DATA_CONVERTER
from workers.temporal import ensure_search_attributes
from workflows import schedule_updates
from workflows.schedules import ensure
from workflows.source_schedules import OPERATOR, SourceSchedules

TENANT, SOURCE = new_id(), new_id()
NOTE = "the disk is being moved"
HOURLY, DAILY = Timing(every_seconds=3600), Timing(every_seconds=86_400)


@pytest.fixture
async def client(temporal_address: str) -> Client:
    connected = await Client.connect(temporal_address, data_converter=DATA_CONVERTER)
    await ensure_search_attributes(connected)
    return connected


class Xor(PayloadCodec):
    """Stands for one that encrypts: what is stored is not what was written, and each time otherwise."""

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._coded(payload.SerializeToString(), os.urandom(1)) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._decoded(payload) if payload.metadata["encoding"] == b"xor" else payload for payload in payloads]

    def _decoded(self, payload: Payload) -> Payload:
        key, *data = payload.data
        return Payload.FromString(bytes(byte ^ key for byte in data))

    def _coded(self, data: bytes, key: bytes) -> Payload:
        return Payload(metadata={"encoding": b"xor"}, data=key + bytes(byte ^ key[0] for byte in data))


def unwritable(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    async def written(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(client.workflow_service, "update_schedule", written)


@pytest.fixture
async def schedules(client: Client) -> SourceSchedules:
    made = SourceSchedules(lambda: client)
    await made.remove(TENANT, SOURCE)
    await made.ensure(TENANT, SOURCE, DAILY, None)
    return made


def overtaken(client: Client, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """An operator pauses it whenever it was looked at and is about to be changed, so many times."""
    service, handle = client.workflow_service, client.get_schedule_handle(schedule_id(TENANT, SOURCE))
    update, left = service.update_schedule, [NOTE] * times

    async def pausing(*args: Any, **options: Any) -> object:
        if left:
            await handle.pause(note=f"{left.pop()} {len(left)}")
        return await update(*args, **options)

    monkeypatch.setattr(service, "update_schedule", pausing)


async def interval(client: Client) -> timedelta:
    described = await client.get_schedule_handle(schedule_id(TENANT, SOURCE)).describe()
    (every,) = described.schedule.spec.intervals
    return every.every


async def test_a_pause_of_the_same_moment_stays_and_so_does_the_change(
    client: Client, schedules: SourceSchedules, monkeypatch: pytest.MonkeyPatch
) -> None:
    overtaken(client, monkeypatch, 2)
    await schedules.ensure(TENANT, SOURCE, HOURLY, None)
    (view,) = await schedules.of_sources(TENANT, [SOURCE])
    assert (view.is_paused, view.paused_by, view.note) == (True, OPERATOR, f"{NOTE} 0")
    assert await interval(client) == timedelta(hours=1)


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
    unwritable(client, monkeypatch)
    await schedules.ensure(TENANT, SOURCE, DAILY, None)


async def test_nor_are_the_installations_own(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    await ensure(client, Settings())
    unwritable(client, monkeypatch)
    await ensure(client, Settings())


async def test_the_last_attempt_is_looked_at_as_well(
    client: Client, schedules: SourceSchedules, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule_updates, "_TRIES", 1)
    await schedules.ensure(TENANT, SOURCE, HOURLY, None)
    assert await interval(client) == timedelta(hours=1)


@pytest.mark.parametrize("timing", [DAILY, Timing(cron="5 */2 * * 1-5")], ids=["interval", "cron"])
async def test_times_that_somebody_changes_in_temporal_are_put_right(
    client: Client, schedules: SourceSchedules, timing: Timing
) -> None:
    await schedules.ensure(TENANT, SOURCE, timing, None)
    handle = client.get_schedule_handle(schedule_id(TENANT, SOURCE))
    before = (await handle.describe()).schedule.spec

    def changed(seen: ScheduleUpdateInput) -> ScheduleUpdate:
        schedule = seen.description.schedule
        schedule.spec = ScheduleSpec(intervals=[ScheduleIntervalSpec(every=timedelta(minutes=7))])
        return ScheduleUpdate(schedule)

    await handle.update(changed)
    assert await interval(client) == timedelta(minutes=7)
    await schedules.ensure(TENANT, SOURCE, timing, None)
    assert (await handle.describe()).schedule.spec == before


async def test_under_a_codec_a_schedule_is_known_again(
    client: Client, schedules: SourceSchedules, temporal_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    converter = dataclasses.replace(DATA_CONVERTER, payload_codec=Xor())
    coded = await Client.connect(temporal_address, data_converter=converter)
    own = SourceSchedules(lambda: coded)
    await own.ensure(TENANT, SOURCE, HOURLY, None)
    assert await interval(client) == timedelta(hours=1)
    unwritable(coded, monkeypatch)
    await own.ensure(TENANT, SOURCE, HOURLY, None)
