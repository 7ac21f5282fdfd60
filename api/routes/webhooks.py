"""Webhooks: who is told of what, and how the telling went."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Response

from api.dependencies import DeliveryId, IdempotencyKey, ServicesDep, WebhookId
from api.dispatching import start_again
from api.idempotency import Attempt, tell_replay
from api.schemas.base import Page, PageQuery
from api.schemas.webhooks import DeliveryOut, DeliveryQuery, NewWebhookOut, WebhookIn, WebhookOut
from api.security import Admin
from lethe.errors import WebhookNotFound
from lethe.model.ids import Id, derived_id
from lethe.model.operations import DispatchKind
from lethe.model.webhooks import Webhook, WebhookEvent
from lethe.privacy.erasure.needles import standing_needles
from lethe.privacy.sealing import Purpose, unseal_text
from lethe.webhooks.signing import new_secret

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])

_LISTING: Final = "webhooks"


@router.post("", status_code=201)
async def create_webhook(
    wish: WebhookIn, response: Response, caller: Admin, services: ServicesDep, idempotency_key: IdempotencyKey = None
) -> NewWebhookOut:
    """Register an address. Every message to it is signed (Standard Webhooks) with the secret of this answer."""
    secret: str | None = None

    async def perform(effect_id: Id) -> WebhookOut:
        nonlocal secret
        made = await services.webhooks.create(
            caller.tenant_id, wish.url, tuple(wish.events), new_secret(), derived_id(effect_id, 0)
        )
        secret = await services.webhooks.secret_of(made)
        return _webhook_out(made, wish.url)

    attempt = Attempt(caller, idempotency_key, ("webhooks", wish.model_dump_json()), 201)
    made, is_repeated = await services.idempotency.once_as(attempt, WebhookOut, perform)
    tell_replay(response, is_repeated=is_repeated)
    return NewWebhookOut(**made.model_dump(), secret=secret)


@router.get("")
async def list_webhooks(caller: Admin, services: ServicesDep, query: Annotated[PageQuery, Query()]) -> Page[WebhookOut]:
    """The tenant's webhooks, newest first."""
    after = await services.cursors.position(caller.tenant_id, _LISTING, query.cursor)
    async with services.ledger.read() as uow:
        found = await uow.webhooks.page(caller.tenant_id, after, query.limit + 1)
    shown = found[: query.limit]
    keys = await services.keyring.get_many(caller.tenant_id, [webhook.id for webhook in shown])
    needles = await standing_needles(services.ledger, services.keyring, caller.tenant_id)
    urls = {
        webhook.id: unseal_text(keys[webhook.id], Purpose.WEBHOOK_URL, webhook.sealed_url)
        for webhook in shown
        if webhook.id in keys
    }
    items = [
        _webhook_out(webhook, None if needles.hides(url := urls.get(webhook.id, "")) else url or None)
        for webhook in shown
    ]
    cursor = await services.cursors.behind(caller.tenant_id, _LISTING, found, query.limit)
    return Page(items=items, next_cursor=cursor)


@router.delete("/{webhook_id}", status_code=204)
async def delete_webhook(caller: Admin, services: ServicesDep, webhook_id: WebhookId) -> None:
    """Remove a webhook and its deliveries: nothing is told to it any more."""
    await services.webhooks.delete(caller.tenant_id, webhook_id)


@router.get("/{webhook_id}/deliveries")
async def list_deliveries(
    caller: Admin, services: ServicesDep, webhook_id: WebhookId, query: Annotated[DeliveryQuery, Query()]
) -> Page[DeliveryOut]:
    """A webhook's deliveries, newest first."""
    listing = f"deliveries:{webhook_id}:{query.state or ''}"
    after = await services.cursors.position(caller.tenant_id, listing, query.cursor)
    async with services.ledger.read() as uow:
        if await uow.webhooks.get(caller.tenant_id, webhook_id) is None:
            raise WebhookNotFound
        found = await uow.webhooks.deliveries(caller.tenant_id, webhook_id, query.state, after, query.limit + 1)
    items = [DeliveryOut.model_validate(delivery) for delivery in found[: query.limit]]
    cursor = await services.cursors.behind(caller.tenant_id, listing, found, query.limit)
    return Page(items=items, next_cursor=cursor)


@router.post("/{webhook_id}/deliveries/{delivery_id}/redeliver", status_code=202)
async def redeliver(
    response: Response,
    caller: Admin,
    services: ServicesDep,
    webhook_id: WebhookId,
    delivery_id: DeliveryId,
    idempotency_key: IdempotencyKey = None,
) -> DeliveryOut:
    """Try a dead delivery again from the beginning, with the same `webhook-id`."""

    async def perform() -> DeliveryOut:
        return DeliveryOut.model_validate(await services.webhooks.redeliver(caller.tenant_id, webhook_id, delivery_id))

    attempt = Attempt(caller, idempotency_key, ("redeliver", webhook_id, delivery_id), 202)
    pending, is_repeated = await services.idempotency.once(attempt, DeliveryOut, perform)
    tell_replay(response, is_repeated=is_repeated)
    if not is_repeated:
        await start_again(services, caller.tenant_id, DispatchKind.DELIVER_WEBHOOK, pending.id)
    return pending


def _webhook_out(webhook: Webhook, url: str | None) -> WebhookOut:
    return WebhookOut(
        id=webhook.id,
        url=url,
        events=[WebhookEvent(event) for event in webhook.events],
        created_at=webhook.created_at,
        disabled_at=webhook.disabled_at,
    )
