"""One attempt to deliver, and what follows from how it went."""

import json
from dataclasses import dataclass, replace

from lethe.errors import (
    KeyDestroyed,
    LetheError,
    WebhookAddressRefused,
    WebhookGone,
    WebhookRedirected,
    WebhookRejected,
    WebhookTimedOut,
    WebhookUnreachable,
)
from lethe.model.ids import Id
from lethe.model.webhooks import Delivery, DeliveryState, Webhook
from lethe.ports.clock import Clock
from lethe.ports.keyring import KeyRing
from lethe.ports.ledger import Ledger
from lethe.ports.webhooks import Reply, WebhookSender
from lethe.privacy.sealing import Purpose, unseal_text
from lethe.settings import WebhookSettings
from lethe.webhooks.signing import signed_headers

GONE = 410


@dataclass(frozen=True, slots=True)
class Attempt:
    """How an attempt went. ``wait_seconds`` is the pause before the next one, where the state is pending."""

    state: DeliveryState
    code: str = ""
    wait_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Deliveries:
    """Makes deliveries. A repeat after a crash sends the same message, with the same id, again."""

    ledger: Ledger
    keyring: KeyRing
    clock: Clock
    sender: WebhookSender
    settings: WebhookSettings

    async def attempt(self, tenant_id: Id, delivery_id: Id) -> Attempt:
        """Try once. What is gone, delivered or dead is left alone."""
        async with self.ledger.read() as uow:
            delivery = await uow.webhooks.delivery(tenant_id, delivery_id)
            webhook = await uow.webhooks.get(tenant_id, delivery.webhook_id) if delivery else None
        if delivery is None or webhook is None:
            return Attempt(DeliveryState.DELIVERED)
        if delivery.state is not DeliveryState.PENDING:
            return Attempt(delivery.state, delivery.last_code)
        if webhook.disabled_at is not None:
            return await self._settle(delivery, Reply(GONE), WebhookGone)
        try:
            reply = await self._send(webhook, delivery)
        except KeyDestroyed:
            # Somebody deletes the webhook; if they were killed the row, and this one, may stay for long.
            return await self._settle(delivery, None, WebhookGone)
        except (WebhookAddressRefused, WebhookTimedOut, WebhookUnreachable) as error:
            return await self._settle(delivery, None, type(error))
        return await self._settle(delivery, reply, _failure(reply))

    async def _send(self, webhook: Webhook, delivery: Delivery) -> Reply:
        key = await self.keyring.get(webhook.tenant_id, webhook.id)
        url = unseal_text(key, Purpose.WEBHOOK_URL, webhook.sealed_url)
        secret = unseal_text(key, Purpose.WEBHOOK_SIGNING, webhook.sealed_secret)
        body = message(delivery)
        headers = signed_headers(secret, delivery.id, int(self.clock.now().timestamp()), body)
        return await self.sender.send(url, headers | {"content-type": "application/json"}, body)

    async def _settle(self, delivery: Delivery, reply: Reply | None, failure: type[LetheError] | None) -> Attempt:
        now, delays = self.clock.now(), self.settings.delays_seconds
        state = DeliveryState.DELIVERED
        if failure is not None:
            gives_up = failure is WebhookGone or delivery.attempts >= len(delays)
            state = DeliveryState.DEAD if gives_up else DeliveryState.PENDING
        settled = replace(
            delivery,
            state=state,
            attempts=delivery.attempts + 1,
            updated_at=now,
            last_status=reply.status if reply else None,
            last_code=failure.code if failure else "",
        )
        async with self.ledger.write() as uow:
            await uow.webhooks.update_delivery(settled)
            if failure is WebhookGone:
                await uow.webhooks.disable(delivery.tenant_id, delivery.webhook_id, now)
        if state is not DeliveryState.PENDING:
            return Attempt(state, settled.last_code)
        asked = (reply.retry_after if reply else None) or 0.0
        wait = min(max(delays[delivery.attempts], asked), max(delays))
        return Attempt(state, settled.last_code, wait)


def message(delivery: Delivery) -> bytes:
    """The body: what happened, in ids, a code and counts."""
    told = {
        "document_id": delivery.document_id,
        "version_id": delivery.version_id,
        "ingestion_id": delivery.subject_id,
        "code": delivery.code or None,
        "counts": dict(delivery.counts) or None,
    }
    body = {
        "type": delivery.event.value,
        "timestamp": delivery.created_at.isoformat().replace("+00:00", "Z"),
        "data": {name: value for name, value in told.items() if value is not None},
    }
    return json.dumps(body, separators=(",", ":")).encode()


def _failure(reply: Reply) -> type[LetheError] | None:
    if 200 <= reply.status < 300:
        return None
    if reply.status == GONE:
        return WebhookGone
    return WebhookRedirected if 300 <= reply.status < 400 else WebhookRejected
