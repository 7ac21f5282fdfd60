"""Audits over HTTP."""

from lethe.model.audits import AuditCount
from lethe.model.ids import new_id
from lethe.model.indexes import ArtefactStore
from tests.unit.api.world import World


async def test_an_audit_is_begun_once_and_shows_what_it_found(world: World) -> None:
    begun = await world.post("/v1/audits", idem="once")
    assert (begun.status_code, begun.json()["state"], begun.json()["counts"]) == (202, "running", [])
    audit_id = begun.json()["id"]
    assert begun.headers["Location"] == f"/v1/audits/{audit_id}"
    assert [each.workflow_id for each in world.workflows.dispatched] == [begun.json()["workflow_id"]]
    again = await world.post("/v1/audits", idem="once")
    assert (again.json()["id"], again.headers["Idempotent-Replayed"]) == (audit_id, "true")
    assert len(world.workflows.dispatched) == 1

    build = new_id()
    counts = [AuditCount(world.tenant_id, audit_id, ArtefactStore.VECTOR, build, 9, 8, 1, 2, 3, 6, 4)]
    async with world.services.ledger.write() as uow:
        await uow.audits.finish(world.tenant_id, audit_id, counts, world.clock.now())
    shown = (await world.get(f"/v1/audits/{audit_id}")).json()
    assert (shown["state"], shown["ended_at"] is not None) == ("done", True)
    assert shown["counts"] == [
        {
            "store": "vector",
            "build_id": build,
            "expected": 9,
            "found": 8,
            "orphans": 1,
            "holes": 2,
            "stale": 3,
            "repaired": 6,
            "refused": 4,
        }
    ]
    second = (await world.post("/v1/audits")).json()["id"]
    page = (await world.get("/v1/audits", params={"limit": 1})).json()
    rest = (await world.get("/v1/audits", params={"limit": 1, "cursor": page["next_cursor"]})).json()
    assert [each["id"] for each in (*page["items"], *rest["items"])] == [second, audit_id]
    assert rest["next_cursor"] is None


async def test_only_admins_of_the_tenant(world: World) -> None:
    assert (await world.post("/v1/audits", world.writer)).status_code == 403
    audit_id = (await world.post("/v1/audits")).json()["id"]
    for path in (audit_id, new_id(), "nonsense"):
        foreign = await world.get(f"/v1/audits/{path}", world.foreign_admin)
        assert (foreign.status_code, foreign.json()["code"]) == (404, "audit_not_found")
