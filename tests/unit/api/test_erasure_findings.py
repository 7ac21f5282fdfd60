"""What an erasure is not sure of, over HTTP."""

from lethe.model.ids import new_id
from tests.unit.api.world import World


async def test_findings_belong_to_an_erasure_of_the_tenant(world: World) -> None:
    wish = {"identifiers": [{"kind": "email", "value": "ada@example.org"}]}
    begun = (await world.post("/v1/erasures", json=wish)).json()["id"]
    page = await world.get(f"/v1/erasures/{begun}/findings")
    assert (page.status_code, page.json()) == (200, {"items": [], "next_cursor": None})
    verdict = {"verdict": "keep"}
    for version in (new_id(), "nonsense"):
        unknown = await world.post(f"/v1/erasures/{begun}/findings/{version}", json=verdict)
        assert (unknown.status_code, unknown.json()["code"]) == (404, "erasure_finding_not_found")
    foreign = await world.get(f"/v1/erasures/{begun}/findings", world.foreign_admin)
    assert (foreign.status_code, foreign.json()["code"]) == (404, "erasure_not_found")
    assert (await world.get(f"/v1/erasures/{begun}/findings", world.writer)).status_code == 403
    unheard = await world.post(f"/v1/erasures/{begun}/findings/{new_id()}", json={"verdict": "perhaps"})
    assert unheard.status_code == 422
