"""Probes of embedding models over HTTP."""

from lethe.model.probes import EmbeddingProbe, QualityProbe
from tests.unit.api.world import World


async def test_a_probe_is_begun_once_shown_and_its_stop_lifted(world: World) -> None:
    begun = await world.post("/v1/probes", idem="once")
    again = await world.post("/v1/probes", idem="once")
    assert (begun.status_code, again.json()) == (202, begun.json())
    assert [each.workflow_id for each in world.workflows.dispatched] == [begun.json()["workflow_id"]]
    assert (await world.get("/v1/probes")).json() == {"items": [], "quality": None}

    now = world.clock.now()
    async with world.services.ledger.write() as uow:
        await uow.probes.put(EmbeddingProbe(world.tenant_id, "model", now, 25, 0.5, now))
        await uow.probes.put_quality(QualityProbe(world.tenant_id, now, 7, 0.75))
    quality = (await world.get("/v1/probes")).json()["quality"]
    assert (quality["questions"], quality["precision"]) == (7, 0.75)
    (shown,) = (await world.get("/v1/probes")).json()["items"]
    assert (shown["spec"], shown["compared"], shown["worst"], shown["stopped_at"] is None) == ("model", 25, 0.5, False)
    lifted = await world.client.delete("/v1/probes/stops", headers={"X-API-Key": world.admin})
    assert lifted.json()["items"] == [shown | {"stopped_at": None}]


async def test_only_admins(world: World) -> None:
    refused = await world.client.delete("/v1/probes/stops", headers={"X-API-Key": world.writer})
    for answer in (refused, await world.get("/v1/probes", world.reader), await world.post("/v1/probes", world.writer)):
        assert answer.status_code == 403
