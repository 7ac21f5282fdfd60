"""What outside models did for a tenant and what it cost, over HTTP."""

from datetime import timedelta

from lethe.model.ids import Id, new_id
from lethe.model.processors import ANSWERED, Operation, ProcessorCall
from tests.unit.api.world import World

PATH = "/v1/usage"


async def called(
    world: World, tenant_id: Id, *, days_ago: int = 0, cost: int = 1, principal_id: Id | None = None
) -> None:
    at = world.services.clock.now() - timedelta(days=days_ago)
    call = ProcessorCall(
        tenant_id, new_id(), "openai", "eu", "big", Operation.GENERATE, 1, 10, ANSWERED, at, at, principal_id, 2, cost
    )
    async with world.services.ledger.write() as uow:
        await uow.processor_calls.add(call, ())


async def test_usage_is_told_by_principal_and_time(world: World) -> None:
    tenant_id, who = world.tenant_id, new_id()
    await called(world, tenant_id, cost=7, principal_id=who)
    await called(world, tenant_id, cost=3)
    await called(world, tenant_id, cost=90, days_ago=40)
    told = (await world.get(PATH)).json()
    assert [(row["principal_id"], row["calls"], row["cost_micros"]) for row in told["items"]] == [
        (who, 1, 7),
        (None, 1, 3),
    ]
    assert told["items"][0] | {"principal_id": who} == {
        "principal_id": who, "operation": "generate", "provider": "openai", "model": "big", "currency": "USD",
        "calls": 1, "tokens": 10, "tokens_out": 2, "cost_micros": 7,
    }  # fmt: skip
    mine = (await world.get(PATH, params={"principal_id": who})).json()
    assert [row["cost_micros"] for row in mine["items"]] == [7]
    long_ago = {"since": (world.services.clock.now() - timedelta(days=50)).isoformat(), "until": told["since"]}
    assert [row["cost_micros"] for row in (await world.get(PATH, params=long_ago)).json()["items"]] == [90]


async def test_a_time_without_a_zone_is_refused(world: World) -> None:
    assert (await world.get(PATH, params={"since": "2026-11-01T00:00:00"})).status_code == 422


async def test_only_an_admin_may_see_it(world: World) -> None:
    assert (await world.get(PATH, key=world.reader)).status_code == 403
