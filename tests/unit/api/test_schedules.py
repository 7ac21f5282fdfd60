"""Schedules over HTTP: what an Idempotency-Key keeps from being done twice."""

from dataclasses import replace
from typing import Any

import pytest

from lethe.errors import WorkflowsUnavailable
from lethe.model.ids import new_id
from lethe.model.principals import Caller, Role
from lethe.model.schedules import ScheduleView
from lethe.model.syncs import SyncState
from tests.unit.api.test_sources import PATH, made
from tests.unit.api.world import World


@pytest.mark.parametrize("collection", [PATH, "/v1/schedules"])
async def test_a_pause_that_is_sent_again_under_its_key_ends_no_resume(world: World, collection: str) -> None:
    source_id = (await made(world))["id"]
    path = f"{collection}/{source_id}"
    assert (await world.post(f"{path}/pause", idem="p")).json()["is_paused"]
    assert not (await world.post(f"{path}/resume", idem="r")).json()["is_paused"]
    again = await world.post(f"{path}/pause", idem="p")
    assert (again.status_code, again.headers["Idempotent-Replayed"], again.json()["is_paused"]) == (200, "true", False)
    assert source_id not in world.schedules.paused_by
    assert (await world.post(f"{path}/pause")).json()["is_paused"]
    assert (await world.post(f"{path}/resume", idem="r")).json()["is_paused"]
    assert (await world.post(f"{path}/resume", idem="p")).json()["code"] == "idempotency_key_reused"
    assert (await world.post(f"{path}/resume", idem="no spaces")).json()["code"] == "invalid_idempotency_key"


async def test_a_pause_whose_answer_was_lost_is_brought_to_temporal_by_its_repetition(world: World) -> None:
    source_id = (await made(world))["id"]
    world.schedules.fails_with = WorkflowsUnavailable()
    assert (await world.post(f"{PATH}/{source_id}/pause", idem="p")).status_code == 503
    world.schedules.fails_with = None
    assert (await world.post(f"{PATH}/{source_id}/pause", idem="p")).json()["is_paused"]


async def test_a_resume_makes_the_schedule_that_temporal_has_lost(world: World) -> None:
    source_id = (await made(world))["id"]
    await world.post(f"{PATH}/{source_id}/pause")
    timings = dict(world.schedules.timings)
    world.schedules.timings.clear()
    caller = Caller(world.tenant_id, new_id(), Role.ADMIN)
    await world.services.pauses.resume(caller, source_id)
    assert timings
    assert world.schedules.timings == timings


async def test_a_resume_tells_temporal_once_how_it_is_to_be(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    path = f"{PATH}/{(await made(world))['id']}"
    await world.post(f"{path}/pause")
    told: list[object] = []
    ensure = world.schedules.ensure

    async def counted(*asked: Any) -> None:
        told.append(asked[-1])
        await ensure(*asked)

    monkeypatch.setattr(world.schedules, "ensure", counted)
    answer = await world.post(f"{path}/resume")
    assert (answer.status_code, answer.json()["is_paused"], told) == (200, False, [None])


async def test_a_span_is_made_up_for_once_though_its_answer_failed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"{PATH}/{(await made(world))['id']}"
    await world.post(f"{path}/resume")
    span = {"start": "2026-01-01T00:00:00Z", "end": "2026-01-03T00:00:00Z"}

    async def away(*_: object) -> list[ScheduleView]:
        raise WorkflowsUnavailable

    with monkeypatch.context() as lost:
        lost.setattr(world.schedules, "of_sources", away)
        assert (await world.post(f"{path}/backfill", json=span, idem="b")).status_code == 503
    assert (await world.post(f"{path}/backfill", json=span, idem="b")).headers["Idempotent-Replayed"] == "true"
    assert len(world.schedules.backfilled) == 1


async def test_an_answer_about_what_vanished_is_kept_under_its_key(world: World) -> None:
    path = f"{PATH}/{(await made(world))['id']}"
    sync = (await world.post(f"{path}/sync")).json()
    async with world.services.ledger.write() as uow:
        row = await uow.syncs.get(world.tenant_id, sync["id"])
        assert row
        await uow.syncs.update(replace(row, state=SyncState.NEEDS_ATTENTION))
    resolve = f"{path}/syncs/{sync['id']}/resolve"
    first = await world.post(resolve, json={"action": "keep"}, idem="k")
    again = await world.post(resolve, json={"action": "keep"}, idem="k")
    assert (first.status_code, again.headers["Idempotent-Replayed"]) == (202, "true")
    assert (await world.post(resolve, json={"action": "delete"}, idem="k")).json()["code"] == "idempotency_key_reused"
    async with world.services.ledger.write() as uow:
        await uow.syncs.update(replace(row, state=SyncState.DONE))
    assert (await world.post(resolve, json={"action": "keep"}, idem="k")).json()["state"] == "done"
