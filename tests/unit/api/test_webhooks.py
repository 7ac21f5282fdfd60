"""Webhooks over HTTP."""

from typing import Any

from tests.unit.api.test_ingestions import broken_after_the_commit
from tests.unit.api.world import World

PATH = "/v1/webhooks"
WISH: dict[str, Any] = {"json": {"url": "https://hooks.example.org/lethe", "events": ["document.failed"]}}


async def test_a_webhook_is_made_once_and_shows_its_secret_once(world: World) -> None:
    made = await world.post(PATH, idem="k1", **WISH)
    again = await world.post(PATH, idem="k1", **WISH)
    assert (made.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
    assert made.json()["secret"].startswith("whsec_")
    assert again.json() == made.json() | {"secret": None}


async def test_a_webhook_made_before_a_crash_is_met_again_with_its_secret(world: World) -> None:
    """Nobody has seen the secret: the answer to the first sending never came."""
    await broken_after_the_commit(world, PATH, WISH)
    again = (await world.post(PATH, idem="k1", **WISH)).json()
    (listed,) = (await world.get(PATH)).json()["items"]
    assert listed["id"] == again["id"]
    async with world.services.ledger.read() as uow:
        webhook = await uow.webhooks.get(world.tenant_id, again["id"])
    assert webhook
    assert again["secret"] == await world.services.webhooks.secret_of(webhook)
