"""The scheduled workflow on the real engines: broken uploads and old remembered responses go, nothing else does."""

from dataclasses import replace
from datetime import timedelta

import pytest
from temporalio.client import ScheduleOverlapPolicy

from lethe.adapters.clock import SystemClock
from lethe.model.documents import Status
from lethe.model.ids import new_id
from lethe.model.operations import IdempotencyRecord
from tests.contract.ledger_rows import dispatch
from tests.integration.followed import until
from tests.integration.installation import Installation
from tests.integration.snapshot import mentions
from workflows import schedules
from workflows.schedules import AUDIT, TIDY_UP

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]


async def test_what_broke_off_and_what_expired_goes(running: Installation) -> None:
    tenant_id, now = running.caller.tenant_id, SystemClock().now()
    kept = await running.ingest("The gauge house stays.", "file:///kept.txt")
    await running.ended(kept.document_id)
    broken = await running.upload("Half of it never came.", "file:///broken.txt")
    then = now - timedelta(hours=25)
    record = IdempotencyRecord(tenant_id, new_id(), "0" * 64, "1" * 64, 202, b"x", new_id(), then, then)
    fresh = replace(record, principal_id=new_id(), key_id=new_id(), created_at=now)
    for each in (record, fresh):
        await running.keyring.create(tenant_id, each.key_id)
    started = dispatch(tenant_id, created_at=now - timedelta(days=30))
    async with running.ledger.write() as uow:
        await uow.dispatches.delete_for(tenant_id, [broken.version_id])
        version = await uow.versions.get(tenant_id, broken.version_id)
        assert version is not None
        old = now - timedelta(hours=2)
        await uow.versions.update(replace(version, status=Status.RECEIVING, created_at=old, updated_at=old))
        for each in (record, fresh):
            assert await uow.idempotency.claim(each) is None
        await uow.dispatches.add(started)
        await uow.dispatches.mark(started, started.created_at)

    schedule = running.client.get_schedule_handle(TIDY_UP)
    # Also beside a round that has begun by itself, and may be past these steps.
    await schedule.trigger(overlap=ScheduleOverlapPolicy.ALLOW_ALL)
    nothing: dict[str, object] = {"rows": {}, "objects": [], "words": [], "blobs": [], "keys": []}
    names = {broken.version_id: "version", broken.document_id: "document", record.key_id: "key"}
    names[started.ref] = "dispatch"

    async def is_gone() -> bool:
        return await mentions(running, names) == nothing

    await until(is_gone, 90)
    assert (await mentions(running, {fresh.key_id: "key"}))["keys"] == ["key"]
    assert (await running.documents.get(running.caller, kept.document_id)).status is Status.READY


async def test_an_operators_pause_survives_a_restart_of_the_worker(running: Installation) -> None:
    await schedules.ensure(running.client, running.settings)
    schedule = running.client.get_schedule_handle(TIDY_UP)
    await schedule.pause(note="looking into something")
    await schedules.ensure(running.client, running.settings)
    described = await schedule.describe()
    assert described.schedule.state.paused
    assert described.schedule.state.note == "looking into something"
    await schedule.unpause()


async def test_a_restart_writes_no_schedule_that_is_as_it_should_be(running: Installation) -> None:
    """What is not written takes no pause back that somebody makes in the same moment."""
    await schedules.ensure(running.client, running.settings)
    schedule = running.client.get_schedule_handle(TIDY_UP)
    before = (await schedule.describe()).info.last_updated_at
    await schedules.ensure(running.client, running.settings)
    assert (await schedule.describe()).info.last_updated_at == before
    every = running.settings.audit.model_copy(update={"every_minutes": running.settings.audit.every_minutes + 1})
    await schedules.ensure(running.client, running.settings.model_copy(update={"audit": every}))
    audit = running.client.get_schedule_handle(AUDIT)

    async def is_written() -> bool:
        (interval,) = (await audit.describe()).schedule.spec.intervals
        return interval.every == timedelta(minutes=every.every_minutes)

    await until(is_written)
    assert (await schedule.describe()).info.last_updated_at == before
