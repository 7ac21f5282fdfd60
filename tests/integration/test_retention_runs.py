"""What is done by the clock on the real engines: the nightly removal, and an operator's pause of anything."""

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
from workflows.source_schedules import OPERATOR, SourceSchedules

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]


async def test_what_is_past_its_time_leaves_every_store_by_the_schedule(running: Installation) -> None:
    past = SystemClock().now() - timedelta(minutes=1)
    going = await running.ingest("The gauge house goes.", "file:///gone.txt", expires_at=past)
    held = await running.ingest("The weir stays.", "file:///held.txt", expires_at=past)
    kept = await running.ingest("The lock stays too.", "file:///kept.txt")
    for each in (going, held, kept):
        await running.ended(each.document_id)
    await Restrictions(running.ledger, SystemClock()).restrict(running.caller, held.document_id, "hold")
    await running.client.get_schedule_handle(RETENTION).trigger()
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


async def test_all_that_is_done_by_the_clock_is_seen_and_a_pause_survives_a_restart(running: Installation) -> None:
    handles = {name: running.client.get_schedule_handle(name) for name in schedules.wanted(running.settings)}
    assert set(handles) == {RETENTION, "tidy-up", "audit-all", "probe-all", "recheck-erasures"}
    for handle in handles.values():
        await handle.pause(note="looking into something")
    await schedules.ensure(running.client, running.settings)
    states = [(await handle.describe()).schedule.state for handle in handles.values()]
    assert {(state.paused, state.note) for state in states} == {(True, "looking into something")}
    seen = SourceSchedules(lambda: running.client)
    async with asyncio.timeout(60):  # Temporal's lists follow
        while {each.id for each in await seen.of_installation() if each.paused_by == OPERATOR} != set(handles):
            await asyncio.sleep(0.1)
    for handle in handles.values():
        await handle.unpause()
    await schedules.ensure(running.client, running.settings)
    assert not any([(await handle.describe()).schedule.state.paused for handle in handles.values()])


async def _done(running: Installation) -> RetentionRun:
    while True:
        async with running.ledger.read() as uow:
            runs = await uow.retention.runs(running.caller.tenant_id, None, 1)
        if runs and runs[0].state is RetentionState.DONE:
            return runs[0]
        await asyncio.sleep(0.1)
