"""Migrations over HTTP."""

from dataclasses import replace
from typing import Any

import pytest

from lethe.adapters.fakes.embedding import HashEmbedder
from lethe.model.ids import Id, new_id
from lethe.model.indexes import BuildState
from lethe.model.migrations import MigrationState
from tests.contract.ledger_rows import build
from tests.unit.api.world import World

SPEC = HashEmbedder().spec.key


@pytest.fixture
async def indexed(world: World) -> World:
    async with world.services.ledger.write() as uow:
        await uow.builds.add(build(world.tenant_id, spec=SPEC, state=BuildState.ACTIVE))
    return world


async def put(world: World, migration_id: Id, **fields: Any) -> None:
    async with world.services.ledger.write() as uow:
        migration = await uow.migrations.get(world.tenant_id, migration_id)
        assert migration
        await uow.migrations.update(replace(migration, **fields))


async def test_one_is_begun_once_and_shown(indexed: World) -> None:
    wish = {"parameters": {"ef": 64}, "soak_seconds": 60, "automatic": False}
    begun = await indexed.post("/v1/migrations", idem="once", json=wish)
    body = begun.json()
    assert (begun.status_code, body["state"], body["lag"]) == (202, "building", 0)
    assert begun.headers["Location"] == f"/v1/migrations/{body['id']}"
    assert (body["source_spec"], body["target_spec"]) == (SPEC, SPEC)
    assert (body["target_parameters"], body["soak_seconds"]) == ("store/64/128/32/1", 60)
    again = await indexed.post("/v1/migrations", idem="once", json=wish)
    assert (again.json()["id"], again.headers["Idempotent-Replayed"]) == (body["id"], "true")
    assert [each.workflow_id for each in indexed.workflows.dispatched] == [body["workflow_id"]]
    page = (await indexed.get("/v1/migrations")).json()
    assert ([each["id"] for each in page["items"]], page["next_cursor"]) == ([body["id"]], None)
    other = await indexed.post("/v1/migrations", json={})
    assert (other.status_code, other.json()["code"]) == (409, "migration_in_progress")
    assert body["id"] in other.json()["detail"]


@pytest.mark.parametrize(
    ("wish", "status", "code"),
    [
        ({"model": "nobody's"}, 422, "unknown_embedding_model"),
        ({"model": "small"}, 422, "chunks_too_long"),
        ({"parameters": {"connections": 0}}, 422, "invalid_request"),
        ({"parameters": {"replicas": 3}}, 422, "index_parameters_not_allowed"),
        ({"parameters": {"ef": 65}}, 422, "index_parameters_not_allowed"),
        ({"canary": True}, 403, "canary_not_allowed"),
        ({"budget": 1}, 422, "unknown_field"),
        ({"budget_micros": 10**19}, 422, "invalid_request"),
        ({"judgements": [{"question_id": new_id(), "document_ids": list[Id]()}]}, 422, "invalid_request"),
    ],
)
async def test_what_cannot_be_is_refused_before_it_begins(
    indexed: World, wish: dict[str, Any], status: int, code: str
) -> None:
    for path in ("/v1/migrations", "/v1/migrations/plan"):
        refused = await indexed.post(path, json=wish)
        assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert indexed.workflows.dispatched == []


async def test_a_plan_changes_nothing(indexed: World) -> None:
    planned = await indexed.post("/v1/migrations/plan", json={"model": "other"})
    assert planned.json() == {
        "chunks": 0, "to_embed": 0, "tokens": 0, "cost_micros": 0, "currency": "USD", "seconds": 0.0,
    }  # fmt: skip
    assert (await indexed.get("/v1/migrations")).json()["items"] == []


async def test_moves_are_told_to_the_workflow_and_illegal_ones_refused(indexed: World) -> None:
    migration_id = (await indexed.post("/v1/migrations", json={})).json()["id"]
    place = f"/v1/migrations/{migration_id}"
    paused = (await indexed.post(f"{place}/pause")).json()
    assert (paused["is_paused"], (await indexed.post(f"{place}/resume")).json()["is_paused"]) == (True, False)
    for move in ("cutover", "rollback", "finish"):
        refused = await indexed.post(f"{place}/{move}")
        assert (refused.status_code, refused.json()["code"]) == (409, "illegal_migration_move")
    assert (await indexed.post(f"{place}/abort")).json()["move"] == "abort"
    assert indexed.workflows.looks == [migration_id] * 3
    await put(indexed, migration_id, state=MigrationState.SOAKING, move=None)
    gone = await indexed.post(f"{place}/rollback")
    assert (gone.status_code, gone.json()["code"]) == (409, "illegal_migration_move")
    async with indexed.services.ledger.write() as uow:
        (old,) = await uow.builds.list(indexed.tenant_id)
        own = replace(old, id=migration_id, number=2)
        await uow.builds.update(replace(old, state=BuildState.SOAKING, seq=0))
        await uow.builds.add(own)
        await uow.tenants.advance(indexed.tenant_id)
    back = (await indexed.post(f"{place}/rollback")).json()
    assert (back["state"], back["move"], back["rollback_seconds"]) == ("soaking", "rollback", 5.0)


async def test_only_admins_of_the_tenant(indexed: World) -> None:
    assert (await indexed.post("/v1/migrations", indexed.writer, json={})).status_code == 403
    migration_id = (await indexed.post("/v1/migrations", json={})).json()["id"]
    for path in (migration_id, new_id(), "nonsense"):
        foreign = await indexed.get(f"/v1/migrations/{path}", indexed.foreign_admin)
        assert (foreign.status_code, foreign.json()["code"]) == (404, "migration_not_found")
        moved = await indexed.post(f"/v1/migrations/{path}/abort", indexed.foreign_admin)
        assert (moved.status_code, moved.json()["code"]) == (404, "migration_not_found")


async def test_a_late_repetition_of_a_move_does_not_do_it_again(indexed: World) -> None:
    migration_id = (await indexed.post("/v1/migrations", json={})).json()["id"]
    place = f"/v1/migrations/{migration_id}"
    await indexed.post(f"{place}/pause", idem="pause")
    resumed = await indexed.post(f"{place}/resume", idem="resume", json={"budget_micros": 7})
    assert (resumed.json()["is_paused"], resumed.json()["budget_micros"]) == (False, 7)
    late = await indexed.post(f"{place}/pause", idem="pause")
    assert (late.json()["is_paused"], late.headers["Idempotent-Replayed"]) == (False, "true")
    for path in (f"{place}/abort", "/v1/migrations/plan"):
        reused = await indexed.post(path, idem="pause", json={} if path.endswith("plan") else None)
        assert (reused.status_code, reused.json()["code"]) == (409, "idempotency_key_reused")
    other = await indexed.post(f"{place}/resume", idem="resume", json={"budget_micros": 8})
    assert other.json()["code"] == "idempotency_key_reused"
