"""Making versions anew, over HTTP."""

from lethe.model.ids import new_id
from tests.unit.api.world import World


async def test_a_round_only_counts_unless_told_otherwise_and_is_begun_once(world: World) -> None:
    begun = await world.post("/v1/reindex", idem="once", json={"reasons": ["chunker"]})
    shown = begun.json()
    assert (begun.status_code, shown["dry_run"], shown["reasons"]) == (202, True, ["chunker"])
    again = await world.post("/v1/reindex", idem="once", json={"reasons": ["chunker"]})
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (shown, "true")
    assert [each.workflow_id for each in world.workflows.dispatched] == [shown["workflow_id"]]
    assert (await world.get(begun.headers["Location"])).json() == shown
    every = (await world.post("/v1/reindex", json={"dry_run": False})).json()
    assert (every["dry_run"], every["reasons"]) == (False, ["chunker", "parser", "policy"])
    page = (await world.get("/v1/reindex", params={"limit": 1})).json()
    rest = (await world.get("/v1/reindex", params={"limit": 1, "cursor": page["next_cursor"]})).json()
    assert [each["id"] for each in (*page["items"], *rest["items"])] == [every["id"], shown["id"]]
    assert (await world.post("/v1/reindex", json={"reasons": ["model"]})).status_code == 422


async def test_only_admins_of_the_tenant(world: World) -> None:
    assert (await world.post("/v1/reindex", world.writer, json={})).status_code == 403
    reindex_id = (await world.post("/v1/reindex", json={})).json()["id"]
    for path in (reindex_id, new_id(), "nonsense"):
        foreign = await world.get(f"/v1/reindex/{path}", world.foreign_admin)
        assert (foreign.status_code, foreign.json()["code"]) == (404, "reindex_not_found")
