"""Quarantines over HTTP."""

from lethe.model.ids import new_id
from tests.unit.api.world import World


async def test_ordering_listing_and_lifting(world: World) -> None:
    document = (await world.upload(source_uri="file:///a/one.txt")).json()["document_id"]
    wish = {"source_prefix": "file:///a", "reason": "review"}
    ordered = await world.post("/v1/quarantines", idem="once", json=wish)
    assert (ordered.status_code, ordered.json()["documents"], ordered.json()["kind"]) == (201, 1, "source_prefix")
    again = await world.post("/v1/quarantines", idem="once", json=wish)
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (ordered.json(), "true")
    assert (await world.get(f"/v1/documents/{document}", world.writer)).status_code == 404
    assert (await world.get(f"/v1/documents/{document}")).json()["status"] == "quarantined"
    chunks = await world.get(f"/v1/documents/{document}/chunks")
    assert (chunks.status_code, chunks.json()["code"]) == (409, "document_quarantined")

    await world.post("/v1/quarantines", json={"document_id": document, "reason": "malware"})
    page = (await world.get("/v1/quarantines", params={"limit": 1})).json()
    rest = (await world.get("/v1/quarantines", params={"limit": 1, "cursor": page["next_cursor"]})).json()
    assert [each["kind"] for each in (*page["items"], *rest["items"])] == ["document", "source_prefix"]
    for each in (*page["items"], *rest["items"]):
        path = f"/v1/quarantines/{each['id']}"
        lifted = await world.client.delete(path, headers={"X-API-Key": world.admin})
        assert lifted.json()["lifted_at"]
        assert (await world.get(path)).json() == lifted.json()
    assert (await world.get(f"/v1/documents/{document}", world.writer)).json()["status"] == "pending"
    assert (await world.get("/v1/quarantines")).json()["items"] == []
    assert len((await world.get("/v1/quarantines", params={"in_force": "false"})).json()["items"]) == 2


async def test_only_admins_of_the_tenant(world: World) -> None:
    wish = {"source_prefix": "file:///a", "reason": "review"}
    assert (await world.post("/v1/quarantines", world.writer, json=wish)).status_code == 403
    ordered = (await world.post("/v1/quarantines", json=wish)).json()["id"]
    for path in (ordered, new_id(), "nonsense"):
        foreign = await world.get(f"/v1/quarantines/{path}", world.foreign_admin)
        assert (foreign.status_code, foreign.json()["code"]) == (404, "quarantine_not_found")


async def test_bad_wishes_are_refused_by_name(world: World) -> None:
    for wish in (
        {"reason": "review"},
        {"document_id": new_id(), "source_prefix": "file:///a", "reason": "review"},
        {"document_id": "x", "reason": "review"},
        {"source_prefix": "", "reason": "review"},
        {"source_prefix": "file:///a", "reason": "A whole sentence."},
        {"source_prefix": "file:" + "/x" * 100, "reason": "review"},
    ):
        refused = await world.post("/v1/quarantines", json=wish)
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_request"), wish
    unknown = await world.post("/v1/quarantines", json={"document_id": new_id(), "reason": "review"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "document_not_found")
