"""Deleting and updating many documents over HTTP."""

import pytest

from lethe.model.ids import new_id
from tests.unit.api.world import World


async def test_a_selection_is_ordered_once_and_shows_how_far_it_is(world: World) -> None:
    wish = {"filter": {"year": {"$gte": 2020}}}
    ordered = await world.post("/v1/documents/delete", world.writer, idem="once", json=wish)
    body = ordered.json()
    assert (ordered.status_code, body["action"], body["state"], body["matched"]) == (202, "delete", "running", 0)
    assert ordered.headers["Location"] == f"/v1/selections/{body['id']}"
    assert [each.workflow_id for each in world.workflows.dispatched] == [body["workflow_id"]]
    again = await world.post("/v1/documents/delete", world.writer, idem="once", json=wish)
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (body, "true")
    assert len(world.workflows.dispatched) == 1
    for key in (world.writer, world.admin):
        assert (await world.get(f"/v1/selections/{body['id']}", key)).json() == body
    for key in (world.reader, world.foreign_admin):
        hidden = await world.get(f"/v1/selections/{body['id']}", key)
        assert (hidden.status_code, hidden.json()["code"]) == (404, "selection_not_found")
    assert (await world.get("/v1/selections/nonsense")).status_code == 404


async def test_an_update_and_a_dry_run(world: World) -> None:
    wish = {"source_prefix": "file:///a", "set": {"classification": "secret"}}
    assert (await world.post("/v1/documents/update", json=wish)).json()["action"] == "update"
    assert (await world.post("/v1/documents/update", json=wish | {"dry_run": True})).json()["action"] == "count"


@pytest.mark.parametrize(
    ("path", "wish", "code"),
    [
        ("delete", {}, "invalid_request"),
        ("delete", {"dry_run": True}, "invalid_request"),
        ("delete", {"ids": [], "dry_run": True}, "invalid_request"),
        ("delete", {"ids": ["x"]}, "invalid_request"),
        ("delete", {"ids": [new_id()], "source_prefix": "a"}, "invalid_request"),
        ("delete", {"filter": {}}, "invalid_request"),
        ("delete", {"filter": {"a": {"$near": 1}}}, "invalid_request"),
        ("delete", {"filter": {"a": 1}, "set": {"title": "x"}}, "unknown_field"),
        ("delete", {"source_prefix": "file:" + "/x" * 100}, "invalid_request"),
        ("update", {"filter": {"a": 1}}, "invalid_request"),
        ("update", {"filter": {"a": 1}, "set": {}}, "invalid_request"),
        ("update", {"filter": {"a": 1}, "set": {"titel": "x"}}, "unknown_field"),
    ],
)
async def test_bad_wishes_are_refused_by_name(world: World, path: str, wish: dict[str, object], code: str) -> None:
    refused = await world.post(f"/v1/documents/{path}", json=wish)
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert world.workflows.dispatched == []


async def test_readers_may_not(world: World) -> None:
    assert (await world.post("/v1/documents/delete", world.reader, json={"ids": [new_id()]})).status_code == 403
