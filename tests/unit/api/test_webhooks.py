"""Webhooks over HTTP."""

from dataclasses import replace
from typing import Any

import pytest

from lethe.adapters.sql.repositories.webhooks import SqlWebhooks
from lethe.adapters.webhooks import HttpSender
from lethe.errors import LedgerUnavailable, WorkflowsUnavailable
from lethe.model.ids import Id, new_id
from lethe.model.operations import DispatchKind
from lethe.model.webhooks import DeliveryState, WebhookEvent
from lethe.settings import Settings, WebhookSettings
from lethe.webhooks.delivering import Attempt, Deliveries
from lethe.webhooks.telling import Happening, tell
from tests.unit.api.test_ingestions import broken_after_the_commit
from tests.unit.api.world import World, open_world

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


async def made(world: World, number: int = 0, key: str | None = None) -> str:
    url = f"https://hooks.example.org/{number}"
    answer = await world.post(PATH, key, json={"url": url, "events": ["document.failed"]})
    return answer.json()["id"]


async def delivery(world: World, webhook_id: str, state: DeliveryState) -> str:
    """A delivery to the webhook that went so far."""
    tenant_id, subject_id, now = world.tenant_id, new_id(), world.clock.now()
    happening = Happening(tenant_id, WebhookEvent.DOCUMENT_FAILED, subject_id, document_id=subject_id, code="no_text")
    async with world.services.ledger.write() as uow:
        await tell(uow, happening, now)
        (told,) = await uow.webhooks.deliveries(tenant_id, webhook_id, None, None, 1)
        await uow.webhooks.update_delivery(replace(told, state=state, attempts=10, last_code="webhook_timed_out"))
        for each in await uow.dispatches.pending(world.clock.now(), 100):
            await uow.dispatches.mark(each, now)
    return told.id


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://hooks.example.org/",
            "https://10.0.0.8/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://localhost/",
        ),
        *("https://169.254.169.254/latest", "https://u:p@hooks.example.org/", "https://hooks.example.org/#a"),
        *("ftp://hooks.example.org/", "hooks.example.org", "https://", "https://["),
    ],
)
async def test_an_address_that_may_not_be_told_is_refused(world: World, url: str) -> None:
    answer = await world.post(PATH, json={"url": url, "events": ["document.failed"]})
    assert (answer.status_code, answer.json()["code"]) == (422, "webhook_url_refused")
    assert (await world.get(PATH)).json()["items"] == []


@pytest.mark.parametrize(
    "wish",
    [
        {"url": "", "events": ["document.failed"]},
        {"url": "https://hooks.example.org/" + "x" * 2048, "events": ["document.failed"]},
        {"url": "https://hooks.example.org/", "events": []},
        {"url": "https://hooks.example.org/", "events": ["document.read"]},
        {"url": "https://hooks.example.org/", "events": ["document.failed"] * 7},
        {"url": "https://hooks.example.org/"},
    ],
)
async def test_a_wish_that_is_malformed_is_refused(world: World, wish: dict[str, Any]) -> None:
    answer = await world.post(PATH, json=wish)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


async def test_nobody_brings_a_secret_of_their_own(world: World) -> None:
    answer = await world.post(PATH, json={**WISH["json"], "secret": "whsec_mine"})
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_field")


async def test_private_addresses_are_taken_where_the_settings_say_so(api_settings: Settings) -> None:
    inside = api_settings.model_copy(update={"webhooks": WebhookSettings(allow_private=True)})
    async with open_world(inside) as world:
        answer = await world.post(PATH, json={"url": "http://10.0.0.8:8080/", "events": ["document.failed"]})
        assert (answer.status_code, answer.json()["url"]) == (201, "http://10.0.0.8:8080/")


async def test_the_list_has_pages_and_no_secrets(world: World) -> None:
    ids = [await made(world, number) for number in range(3)]
    first = (await world.get(PATH, params={"limit": 2})).json()
    second = (await world.get(PATH, params={"limit": 2, "cursor": first["next_cursor"]})).json()
    items = [*first["items"], *second["items"]]
    assert [item["id"] for item in items] == ids[::-1]
    assert [item["url"] for item in items] == [f"https://hooks.example.org/{number}" for number in (2, 1, 0)]
    assert {"secret" in item for item in items} == {False}
    assert second["next_cursor"] is None


async def test_a_deleted_webhook_is_gone_with_its_deliveries(world: World) -> None:
    webhook_id, kept = await made(world), await made(world, 1)
    await delivery(world, webhook_id, DeliveryState.DEAD)
    answers = [await world.client.delete(f"{PATH}/{webhook_id}", headers={"X-API-Key": world.admin}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [204, 404]
    assert answers[1].json()["code"] == "webhook_not_found"
    assert (await world.get(f"{PATH}/{webhook_id}/deliveries")).json()["code"] == "webhook_not_found"
    assert [item["id"] for item in (await world.get(PATH)).json()["items"]] == [kept]


async def test_a_deletion_that_broke_off_can_be_seen_and_done_again(world: World) -> None:
    webhook_id = await made(world)
    pending = await delivery(world, webhook_id, DeliveryState.PENDING)
    with pytest.MonkeyPatch.context() as patch:

        async def die(*_: object) -> None:
            raise LedgerUnavailable

        patch.setattr(SqlWebhooks, "delete", die)
        await world.client.delete(f"{PATH}/{webhook_id}", headers={"X-API-Key": world.admin})
    (left,) = (await world.get(PATH)).json()["items"]
    assert (left["id"], left["url"], left["disabled_at"] is None) == (webhook_id, None, False)
    async with world.services.ledger.read() as uow:
        assert await uow.webhooks.listening(world.tenant_id, WebhookEvent.DOCUMENT_FAILED) == []
    assert (await _attempt(world, pending)).state is DeliveryState.DEAD
    again = await world.client.delete(f"{PATH}/{webhook_id}", headers={"X-API-Key": world.admin})
    assert (again.status_code, (await world.get(PATH)).json()["items"]) == (204, [])


async def test_a_webhook_without_its_key_gives_its_deliveries_up_and_is_disabled(world: World) -> None:
    webhook_id = await made(world)
    pending = await delivery(world, webhook_id, DeliveryState.PENDING)
    await world.services.keyring.destroy(world.tenant_id, [webhook_id])
    assert await _attempt(world, pending) == Attempt(DeliveryState.DEAD, "webhook_gone")
    async with world.services.ledger.read() as uow:
        settled = await uow.webhooks.delivery(world.tenant_id, pending)
        assert await uow.webhooks.listening(world.tenant_id, WebhookEvent.DOCUMENT_FAILED) == []
    assert settled
    assert (settled.state, settled.last_code) == (DeliveryState.DEAD, "webhook_gone")


async def _attempt(world: World, delivery_id: Id) -> Attempt:
    services, settings = world.services, world.services.settings.webhooks
    sender = HttpSender(settings)
    try:
        deliveries = Deliveries(services.ledger, services.keyring, services.clock, sender, settings)
        return await deliveries.attempt(world.tenant_id, delivery_id)
    finally:
        await sender.close()


async def test_only_an_admin_of_the_tenant_has_to_do_with_webhooks(world: World) -> None:
    webhook_id = await made(world)
    dead = await delivery(world, webhook_id, DeliveryState.DEAD)
    one = f"{PATH}/{webhook_id}"
    requests: list[tuple[str, str, dict[str, Any]]] = [
        ("GET", PATH, {}),
        ("POST", PATH, WISH),
        ("GET", f"{one}/deliveries", {}),
        ("POST", f"{one}/deliveries/{dead}/redeliver", {}),
        ("DELETE", one, {}),
    ]
    for method, path, options in requests:
        for key in (world.writer, world.reader):
            answer = await world.client.request(method, path, headers={"X-API-Key": key}, **options)
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert (await world.get(PATH, world.foreign_admin)).json()["items"] == []
    for method, path, options in requests[2:]:
        answer = await world.client.request(method, path, headers={"X-API-Key": world.foreign_admin}, **options)
        assert answer.status_code == 404
    assert len((await world.get(PATH)).json()["items"]) == 1


async def test_deliveries_are_listed_by_state(world: World) -> None:
    webhook_id = await made(world)
    dead = await delivery(world, webhook_id, DeliveryState.DEAD)
    done = await delivery(world, webhook_id, DeliveryState.DELIVERED)
    path = f"{PATH}/{webhook_id}/deliveries"
    first = (await world.get(path, params={"limit": 1})).json()
    second = (await world.get(path, params={"limit": 1, "cursor": first["next_cursor"]})).json()
    assert [item["id"] for item in (*first["items"], *second["items"])] == [done, dead]
    (item,) = (await world.get(path, params={"state": "dead"})).json()["items"]
    assert (item["id"], item["event"], item["attempts"], item["last_code"]) == (
        *(dead, "document.failed", 10, "webhook_timed_out"),
    )
    assert (await world.get(path, params={"state": "lost"})).status_code == 422


async def test_a_dead_delivery_is_ordered_again_once(world: World) -> None:
    webhook_id = await made(world)
    dead = await delivery(world, webhook_id, DeliveryState.DEAD)
    path = f"{PATH}/{webhook_id}/deliveries/{dead}/redeliver"
    answer = await world.post(path, idem="k1")
    assert (answer.status_code, answer.json()["state"], answer.json()["attempts"]) == (202, "pending", 0)
    again = await world.post(path, idem="k1")
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (answer.json(), "true")
    assert [(each.kind, each.ref, each.again) for each in world.workflows.dispatched] == [
        (DispatchKind.DELIVER_WEBHOOK, dead, True)
    ]
    refused = await world.post(path)
    assert (refused.status_code, refused.json()["code"]) == (409, "delivery_not_dead")


async def test_an_order_is_kept_while_temporal_is_away(world: World) -> None:
    webhook_id, other = await made(world), await made(world, 1)
    dead = await delivery(world, webhook_id, DeliveryState.DEAD)
    world.workflows.fails_with = WorkflowsUnavailable()
    for path in (f"{other}/deliveries/{dead}", f"{webhook_id}/deliveries/{new_id()}", f"{webhook_id}/deliveries/x"):
        refused = await world.post(f"{PATH}/{path}/redeliver")
        assert (refused.status_code, refused.json()["code"]) == (404, "delivery_not_found")
    assert (await world.post(f"{PATH}/{webhook_id}/deliveries/{dead}/redeliver")).status_code == 202
    async with world.services.ledger.read() as uow:
        (waiting,) = await uow.dispatches.pending(world.clock.now(), 10)
    assert (waiting.kind, waiting.ref, waiting.again) == (DispatchKind.DELIVER_WEBHOOK, dead, True)
