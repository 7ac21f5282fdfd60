"""Webhooks and their deliveries."""

from datetime import datetime
from typing import Protocol

from lethe.model.ids import Id
from lethe.model.webhooks import Delivery, DeliveryState, Webhook, WebhookEvent
from lethe.ports.ledger.paging import PageCursor


class WebhookRepository(Protocol):
    async def add(self, webhook: Webhook) -> None: ...
    async def get(self, tenant_id: Id, webhook_id: Id) -> Webhook | None: ...
    async def page(self, tenant_id: Id, after: PageCursor | None, limit: int) -> list[Webhook]: ...

    async def listening(self, tenant_id: Id, event: WebhookEvent) -> list[Webhook]:
        """Those not disabled that want the event."""
        ...

    async def disable(self, tenant_id: Id, webhook_id: Id, at: datetime) -> None: ...

    async def delete(self, tenant_id: Id, webhook_id: Id) -> None:
        """Remove it with its deliveries."""
        ...

    async def add_delivery(self, delivery: Delivery) -> None:
        """Insert, or leave the row of the same id that is there."""
        ...

    async def delivery(self, tenant_id: Id, delivery_id: Id) -> Delivery | None: ...
    async def update_delivery(self, delivery: Delivery) -> None: ...

    async def deliveries(
        self, tenant_id: Id, webhook_id: Id, state: DeliveryState | None, after: PageCursor | None, limit: int
    ) -> list[Delivery]: ...

    async def forget_document(self, tenant_id: Id, document_id: Id) -> None:
        """Remove deliveries about the document, except the one that tells of its deletion."""
        ...

    async def expire(self, updated_before: datetime, limit: int) -> int:
        """Remove at most ``limit`` deliveries of any tenant that are not pending, last changed before then."""
        ...
