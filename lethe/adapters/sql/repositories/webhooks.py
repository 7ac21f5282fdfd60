"""Webhooks and their deliveries."""

from datetime import datetime
from typing import Final

from sqlalchemy import insert, update

from lethe.adapters.sql.repositories.base import SqlRepository
from lethe.adapters.sql.repositories.paging import page_of
from lethe.adapters.sql.rows import Mapped, delete_of, insert_missing
from lethe.adapters.sql.tables import webhook_deliveries as deliveries
from lethe.adapters.sql.tables import webhooks
from lethe.model.ids import Id
from lethe.model.webhooks import Delivery, DeliveryState, Webhook, WebhookEvent
from lethe.ports.ledger import PageCursor

WEBHOOK: Final = Mapped(Webhook, webhooks)
DELIVERY: Final = Mapped(Delivery, deliveries)


class SqlWebhooks(SqlRepository):
    async def add(self, webhook: Webhook) -> None:
        await self._connection.execute(insert(webhooks).values(WEBHOOK.values(webhook)))

    async def get(self, tenant_id: Id, webhook_id: Id) -> Webhook | None:
        return await WEBHOOK.one(self._connection, WEBHOOK.of(tenant_id, webhooks.c.id == webhook_id))

    async def page(self, tenant_id: Id, after: PageCursor | None, limit: int) -> list[Webhook]:
        return await WEBHOOK.all(self._connection, page_of(WEBHOOK.of(tenant_id), webhooks, after, limit))

    async def listening(self, tenant_id: Id, event: WebhookEvent) -> list[Webhook]:
        found = await WEBHOOK.all(self._connection, WEBHOOK.of(tenant_id, webhooks.c.disabled_at.is_(None)))
        return [webhook for webhook in found if event.value in webhook.events]

    async def disable(self, tenant_id: Id, webhook_id: Id, at: datetime) -> None:
        await self._connection.execute(
            update(webhooks)
            .where(webhooks.c.tenant_id == tenant_id, webhooks.c.id == webhook_id, webhooks.c.disabled_at.is_(None))
            .values(disabled_at=at)
        )

    async def delete(self, tenant_id: Id, webhook_id: Id) -> None:
        await self._connection.execute(delete_of(webhooks, tenant_id, webhooks.c.id == webhook_id))

    async def add_delivery(self, delivery: Delivery) -> None:
        await insert_missing(self._connection, deliveries, [DELIVERY.values(delivery)])

    async def delivery(self, tenant_id: Id, delivery_id: Id) -> Delivery | None:
        return await DELIVERY.one(self._connection, DELIVERY.of(tenant_id, deliveries.c.id == delivery_id))

    async def update_delivery(self, delivery: Delivery) -> None:
        await self._connection.execute(
            update(deliveries)
            .where(deliveries.c.tenant_id == delivery.tenant_id, deliveries.c.id == delivery.id)
            .values(DELIVERY.values(delivery))
        )

    async def deliveries(
        self, tenant_id: Id, webhook_id: Id, state: DeliveryState | None, after: PageCursor | None, limit: int
    ) -> list[Delivery]:
        statement = DELIVERY.of(tenant_id, deliveries.c.webhook_id == webhook_id)
        if state is not None:
            statement = statement.where(deliveries.c.state == state)
        return await DELIVERY.all(self._connection, page_of(statement, deliveries, after, limit))

    async def forget_document(self, tenant_id: Id, document_id: Id) -> None:
        about = deliveries.c.document_id == document_id
        others = deliveries.c.event != WebhookEvent.DOCUMENT_DELETED
        await self._connection.execute(delete_of(deliveries, tenant_id, about, others))

    async def expire(self, updated_before: datetime, limit: int) -> int:
        old = DELIVERY.select().where(
            deliveries.c.state != DeliveryState.PENDING, deliveries.c.updated_at < updated_before
        )
        found = await DELIVERY.all(self._connection, old.order_by(deliveries.c.updated_at).limit(limit))
        for each in found:
            await self._connection.execute(delete_of(deliveries, each.tenant_id, deliveries.c.id == each.id))
        return len(found)
