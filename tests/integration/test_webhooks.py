"""Webhooks from the event to somebody else's server, which misbehaves: on both SQL engines, with real HTTP."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace

import pytest
from standardwebhooks import Webhook as StandardWebhook
from standardwebhooks import WebhookVerificationError

from lethe.adapters.clock import SystemClock
from lethe.adapters.sql import SqlLedger
from lethe.adapters.webhooks import HttpSender
from lethe.errors import DeliveryNotDead, WebhookAddressRefused, WebhookNotFound, WebhookUrlRefused
from lethe.model.ids import new_id
from lethe.model.webhooks import Delivery, DeliveryState, Webhook, WebhookEvent
from lethe.settings import WebhookSettings
from lethe.webhooks.delivering import Deliveries
from lethe.webhooks.registry import Webhooks
from lethe.webhooks.signing import new_secret, signed_headers
from lethe.webhooks.telling import Happening, tell
from tests.integration.house import House, KilledError, KilledOnce, SteppingClock, open_house

OPEN = WebhookSettings(allow_private=True, timeout_seconds=2, delays_seconds=(1, 2))


@dataclass
class Receiver:
    """A server that answers as its script says: a status line and headers, or "hang"; 204 when that is over."""

    url: str = ""
    script: list[str] = field(default_factory=list[str])
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list[tuple[dict[str, str], bytes]])

    over: asyncio.Event = field(default_factory=asyncio.Event)
    served: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        self.got.append((headers, await reader.readexactly(int(headers["content-length"]))))
        answer = self.script.pop(0) if self.script else "204 No Content"
        if answer == "hang":
            await self.over.wait()
        else:
            writer.write(f"HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\r\n".encode())
            await writer.drain()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        self.served.release()


@asynccontextmanager
async def receiving(*script: str) -> AsyncGenerator[Receiver]:
    receiver = Receiver(script=list(script))
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook?x=1"
    async with server:
        yield receiver
        receiver.over.set()
        for _ in receiver.got:
            await receiver.served.acquire()


@dataclass
class Desk:
    house: House
    webhooks: Webhooks
    deliveries: Deliveries
    secret: str

    async def told(self, url: str, event: WebhookEvent = WebhookEvent.DOCUMENT_FAILED) -> tuple[Webhook, Delivery]:
        """A webhook, and an event for it."""
        tenant_id, clock = self.house.tenant_id, SteppingClock()
        webhook = await self.webhooks.create(tenant_id, url, (event,), self.secret)
        happening = Happening(tenant_id, event, "once", document_id=new_id(), code="no_text", counts={"failures": 1})
        async with self.house.ledger.write() as uow:
            for _ in range(2):  # told again by a repeat of the same step
                await tell(uow, happening, clock.now())
            (delivery,) = await uow.webhooks.deliveries(tenant_id, webhook.id, None, None, 10)
            assert delivery.id in {dispatch.ref for dispatch in await uow.dispatches.pending(clock.now(), 100)}
        return webhook, delivery

    async def stored(self, delivery: Delivery) -> Delivery:
        async with self.house.ledger.read() as uow:
            found = await uow.webhooks.delivery(delivery.tenant_id, delivery.id)
        assert found
        return found


@asynccontextmanager
async def desk_over(ledger: SqlLedger, settings: WebhookSettings = OPEN) -> AsyncGenerator[Desk]:
    async with open_house(ledger) as house:
        sender, clock = HttpSender(settings), SteppingClock()
        yield Desk(
            house,
            Webhooks(ledger, house.keyring, clock, settings),
            Deliveries(ledger, house.keyring, clock, sender, settings),
            new_secret(),
        )
        await sender.close()


def test_the_signature_is_that_of_the_specification():
    """The known example of Standard Webhooks, which its libraries are tested with."""
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    headers = signed_headers(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_what_goes_out_is_ids_codes_and_counts_signed(ledger: SqlLedger):
    async with desk_over(ledger) as desk, receiving() as receiver:
        _, delivery = await desk.told(receiver.url)
        assert (await desk.deliveries.attempt(delivery.tenant_id, delivery.id)).state is DeliveryState.DELIVERED
        ((headers, body),) = receiver.got
        told = json.loads(body)
        assert told["type"] == "document.failed"
        assert told["data"] == {"document_id": delivery.document_id, "code": "no_text", "counts": {"failures": 1}}
        assert headers["host"] == receiver.url.split("/")[2]


async def test_a_receiver_can_check_whose_message_it_is(ledger: SqlLedger):
    async with desk_over(ledger) as desk, receiving() as receiver:
        _, delivery = await desk.told(receiver.url)
        await replace(desk.deliveries, clock=SystemClock()).attempt(delivery.tenant_id, delivery.id)
        ((headers, body),) = receiver.got
        assert StandardWebhook(desk.secret).verify(body, headers)["data"]["document_id"] == delivery.document_id
        for secret, changed, said in (
            (new_secret(), body, headers),
            (desk.secret, body.replace(b"no_text", b"parse"), headers),
            (desk.secret, body, headers | {"webhook-id": new_id()}),
            (desk.secret, body, headers | {"webhook-timestamp": str(int(headers["webhook-timestamp"]) - 1)}),
        ):
            with pytest.raises(WebhookVerificationError):
                StandardWebhook(secret).verify(changed, said)


async def test_attempts_pause_longer_and_longer_then_the_delivery_is_dead(ledger: SqlLedger):
    answers = ("500 Oh", "302 Found\r\nlocation: http://127.0.0.1:1/", "hang")
    async with desk_over(ledger) as desk, receiving(*answers) as receiver:
        webhook, delivery = await desk.told(receiver.url)
        seen = [await desk.deliveries.attempt(delivery.tenant_id, delivery.id) for _ in range(3)]
        assert [(attempt.state.value, attempt.code, attempt.wait_seconds) for attempt in seen] == [
            ("pending", "webhook_rejected", 1),
            ("pending", "webhook_redirected", 2),
            ("dead", "webhook_timed_out", 0),
        ]
        assert {headers["webhook-id"] for headers, _ in receiver.got} == {delivery.id}
        dead = await desk.stored(delivery)
        assert (dead.state, dead.attempts, dead.last_status) == (DeliveryState.DEAD, 3, None)
        await desk.webhooks.redeliver(delivery.tenant_id, webhook.id, delivery.id)
        assert (await desk.deliveries.attempt(delivery.tenant_id, delivery.id)).state is DeliveryState.DELIVERED
        with pytest.raises(DeliveryNotDead):
            await desk.webhooks.redeliver(delivery.tenant_id, webhook.id, delivery.id)


async def test_a_server_that_is_gone_is_told_nothing_more(ledger: SqlLedger):
    async with desk_over(ledger) as desk, receiving("410 Gone") as receiver:
        webhook, delivery = await desk.told(receiver.url)
        assert (await desk.deliveries.attempt(delivery.tenant_id, delivery.id)).code == "webhook_gone"
        async with ledger.read() as uow:
            found = await uow.webhooks.get(delivery.tenant_id, webhook.id)
            assert found
            assert found.disabled_at
            assert await uow.webhooks.listening(delivery.tenant_id, WebhookEvent.DOCUMENT_FAILED) == []


async def test_no_server_and_a_wish_to_wait(ledger: SqlLedger):
    patient = OPEN.model_copy(update={"delays_seconds": (1.0, 60.0)})
    async with desk_over(ledger, patient) as desk, receiving("503 Busy\r\nretry-after: 30") as receiver:
        _, delivery = await desk.told(receiver.url)
        assert (await desk.deliveries.attempt(delivery.tenant_id, delivery.id)).wait_seconds == 30
        _, unreachable = await desk.told("http://127.0.0.1:9/", WebhookEvent.DOCUMENT_DELETED)
        assert (await desk.deliveries.attempt(delivery.tenant_id, unreachable.id)).code == "webhook_unreachable"


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "10.0.0.8", "169.254.169.254", "[::1]", "[::ffff:10.0.0.8]"]
)
async def test_an_address_that_is_not_global_is_not_reached(host: str):
    sender = HttpSender(WebhookSettings())
    with pytest.raises(WebhookAddressRefused):
        await sender.send(f"https://{host}/", {}, b"{}")
    await sender.close()


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "https://10.0.0.8/",
        "https://u:p@example.org/",
        "https://localhost/",
        "ftp://x/",
        "https://[",
        "",
    ],
)
async def test_an_unfit_address_is_refused_at_once(ledger: SqlLedger, url: str):
    async with desk_over(ledger, WebhookSettings()) as desk:
        with pytest.raises(WebhookUrlRefused):
            await desk.webhooks.create(desk.house.tenant_id, url, (WebhookEvent.DOCUMENT_FAILED,), desk.secret)


async def test_a_removed_webhook_leaves_nothing_and_is_told_nothing(ledger: SqlLedger):
    async with desk_over(ledger) as desk, receiving() as receiver:
        webhook, delivery = await desk.told(receiver.url)
        await desk.webhooks.delete(delivery.tenant_id, webhook.id)
        assert (await desk.deliveries.attempt(delivery.tenant_id, delivery.id)).state is DeliveryState.DELIVERED
        assert receiver.got == []
        assert await desk.house.keyring.get_many(delivery.tenant_id, [webhook.id]) == {}


async def test_a_removal_killed_before_the_key_goes_finds_it_again(ledger: SqlLedger):
    async with desk_over(ledger) as desk, receiving() as receiver:
        webhook, delivery = await desk.told(receiver.url)
        keyring = KilledOnce()
        await keyring.create_tenant(delivery.tenant_id)
        await keyring.create(delivery.tenant_id, webhook.id)
        webhooks = replace(desk.webhooks, keyring=keyring)
        with pytest.raises(KilledError):
            await webhooks.delete(delivery.tenant_id, webhook.id)
        await webhooks.delete(delivery.tenant_id, webhook.id)
        assert await keyring.get_many(delivery.tenant_id, [webhook.id]) == {}
        with pytest.raises(WebhookNotFound):
            await webhooks.delete(delivery.tenant_id, webhook.id)


async def test_old_deliveries_expire_and_pending_ones_do_not(ledger: SqlLedger):
    async with desk_over(ledger) as desk, receiving() as receiver:
        _, delivery = await desk.told(receiver.url)
        later = SteppingClock().now().replace(year=2099)
        async with ledger.write() as uow:
            assert await uow.webhooks.expire(later, 10) == 0
            await uow.webhooks.update_delivery(replace(delivery, state=DeliveryState.DEAD))
            assert await uow.webhooks.expire(later, 10) == 1
