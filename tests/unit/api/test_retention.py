"""How long what is kept, over HTTP."""

from datetime import timedelta

from lethe.model.ids import new_id
from lethe.model.retention import RetentionCount, RetentionKind
from tests.unit.api.world import World

DEFAULTS = {"documents": None, "questions": 90, "dead_letters": 30}


async def test_a_tenant_says_how_long(world: World) -> None:
    untouched = (await world.get("/v1/retention")).json()
    assert (untouched["in_force"], untouched["changed_at"]) == (DEFAULTS, None)
    changed = await world.client.put(
        "/v1/retention", headers={"X-API-Key": world.admin}, json={"document_days": 365, "question_days": 7}
    )
    assert changed.json()["in_force"] == {"documents": 365, "questions": 7, "dead_letters": 30}
    assert (await world.get("/v1/retention")).json() == changed.json()
    assert changed.json()["changed_by"]
    other = await world.get("/v1/retention", world.foreign_admin)
    assert other.json()["in_force"] == DEFAULTS
    refused = await world.client.put("/v1/retention", headers={"X-API-Key": world.admin}, json={"question_days": 0})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_request")


async def test_a_run_only_counts_unless_told_otherwise_and_is_begun_once(world: World) -> None:
    begun = await world.post("/v1/retention/runs", idem="once", json={})
    assert (begun.status_code, begun.json()["state"], begun.json()["dry_run"]) == (202, "running", True)
    run_id = begun.json()["id"]
    assert begun.headers["Location"] == f"/v1/retention/runs/{run_id}"
    again = await world.post("/v1/retention/runs", idem="once", json={})
    assert (again.json()["id"], again.headers["Idempotent-Replayed"]) == (run_id, "true")
    assert [each.workflow_id for each in world.workflows.dispatched] == [begun.json()["workflow_id"]]

    oldest = world.clock.now() - timedelta(days=400)
    counts = [RetentionCount(world.tenant_id, run_id, RetentionKind.DOCUMENTS, 9, 2, 7, oldest)]
    async with world.services.ledger.write() as uow:
        await uow.retention.finish_run(world.tenant_id, run_id, counts, world.clock.now())
    (shown,) = (await world.get(f"/v1/retention/runs/{run_id}")).json()["counts"]
    assert (shown["kind"], shown["matched"], shown["held"], shown["removed"]) == ("documents", 9, 2, 7)
    second = (await world.post("/v1/retention/runs", json={"dry_run": False})).json()
    assert second["dry_run"] is False
    page = (await world.get("/v1/retention/runs", params={"limit": 1})).json()
    rest = (await world.get("/v1/retention/runs", params={"limit": 1, "cursor": page["next_cursor"]})).json()
    assert [each["id"] for each in (*page["items"], *rest["items"])] == [second["id"], run_id]
    assert rest["items"][0]["counts"] == [shown]


async def test_only_admins_of_the_tenant(world: World) -> None:
    run_id = (await world.post("/v1/retention/runs", json={})).json()["id"]
    for refused in (
        await world.get("/v1/retention", world.writer),
        await world.post("/v1/retention/runs", world.writer, json={}),
    ):
        assert refused.status_code == 403
    for path in (run_id, new_id(), "nonsense"):
        foreign = await world.get(f"/v1/retention/runs/{path}", world.foreign_admin)
        assert (foreign.status_code, foreign.json()["code"]) == (404, "retention_run_not_found")


async def test_a_document_says_when_it_goes(world: World) -> None:
    soon = "2031-05-01T00:00:00Z"
    sent = (await world.upload(expires_at=soon)).json()
    path = f"/v1/documents/{sent['document_id']}"
    assert (await world.get(path)).json()["expires_at"] == soon
    for naive in ("2031-05-01T00:00:00", "soon"):
        assert (await world.upload(expires_at=naive)).status_code == 422
    selected = await world.post("/v1/documents/update", json={"ids": [new_id()], "set": {"expires_at": soon}})
    assert selected.json()["code"] == "unknown_field"
