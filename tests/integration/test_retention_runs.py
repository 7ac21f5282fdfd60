"""The nightly removal on the real engines: out of every store, and an operator's pause survives a restart."""

import asyncio
from datetime import timedelta

import pytest

from lethe.adapters.clock import SystemClock
from lethe.ingestion.restricting import Restrictions
from lethe.model.retention import RetentionRun, RetentionState, RetentionTrigger
from tests.integration.installation import Installation
from tests.integration.snapshot import mentions
from workflows import schedules
from workflows.schedules import RETENTION

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]


async def test_what_is_past_its_time_leaves_every_store_by_the_schedule(running: Installation) -> None:
    past = SystemClock().now() - timedelta(minutes=1)
    going = await running.ingest("The gauge house goes.", "file:///gone.txt", expires_at=past)
    held = await running.ingest("The weir stays.", "file:///held.txt", expires_at=past)
    kept = await running.ingest("The lock stays too.", "file:///kept.txt")
    for each in (going, held, kept):
        await running.ended(each.document_id)
    await Restrictions(running.ledger, SystemClock()).restrict(running.caller, held.document_id, "hold")
    schedule = running.client.get_schedule_handle(RETENTION)
    await schedule.pause(note="looking into something")
    await schedules.ensure(running.client, running.settings)
    described = await schedule.describe()
    assert (described.schedule.state.paused, described.schedule.state.note) == (True, "looking into something")
    await schedule.unpause()

    await schedule.trigger()
    run = await _done(running)
    assert (run.trigger, run.dry_run) == (RetentionTrigger.SCHEDULE, False)
    async with running.ledger.read() as uow:
        counts = await uow.retention.counts(running.caller.tenant_id, [run.id])
    found = {each.kind.value: (each.matched, each.held, each.removed) for each in counts}
    assert found == {"documents": (2, 1, 1), "questions": (0, 0, 0), "dead_letters": (0, 0, 0)}
    names = {going.document_id: "document", going.version_id: "version"}
    assert await mentions(running, names) == {"rows": {}, "objects": [], "words": [], "blobs": [], "keys": []}
    for each in (held, kept):
        assert (await running.documents.get(running.caller, each.document_id)).live_version_id == each.version_id


async def _done(running: Installation) -> RetentionRun:
    while True:
        async with running.ledger.read() as uow:
            runs = await uow.retention.runs(running.caller.tenant_id, None, 1)
        if runs and runs[0].state is RetentionState.DONE:
            return runs[0]
        await asyncio.sleep(0.1)
