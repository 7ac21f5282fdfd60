"""Writing an event for everyone who wants it, in the transaction of what it tells."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from lethe.model.ids import Id
from lethe.model.operations import Dispatch, DispatchKind
from lethe.model.webhooks import Delivery, DeliveryState, WebhookEvent
from lethe.model.workflow_ids import dispatch_id
from lethe.ports.ledger import UnitOfWork


@dataclass(frozen=True, slots=True)
class Happening:
    """An event. ``occasion`` tells it from every other of its kind: the same one told twice is delivered once."""

    tenant_id: Id
    event: WebhookEvent
    occasion: str
    document_id: Id | None = None
    version_id: Id | None = None
    subject_id: Id | None = None
    code: str = ""
    counts: Mapping[str, int] = field(default_factory=dict[str, int])


async def tell(uow: UnitOfWork, happening: Happening, at: datetime) -> None:
    """Write a delivery, and the dispatch that makes it, for each webhook that listens."""
    tenant_id = happening.tenant_id
    for webhook in await uow.webhooks.listening(tenant_id, happening.event):
        delivery_id = str(uuid.uuid5(uuid.UUID(webhook.id), f"{happening.event}/{happening.occasion}"))
        await uow.webhooks.add_delivery(
            Delivery(
                tenant_id=tenant_id,
                id=delivery_id,
                webhook_id=webhook.id,
                event=happening.event,
                document_id=happening.document_id,
                version_id=happening.version_id,
                subject_id=happening.subject_id,
                code=happening.code,
                state=DeliveryState.PENDING,
                attempts=0,
                created_at=at,
                updated_at=at,
                counts=happening.counts,
            )
        )
        workflow_id = dispatch_id(DispatchKind.DELIVER_WEBHOOK, tenant_id, delivery_id)
        await uow.dispatches.add(Dispatch(tenant_id, workflow_id, DispatchKind.DELIVER_WEBHOOK, delivery_id, at))


async def tell_deleted(uow: UnitOfWork, tenant_id: Id, document_id: Id, at: datetime) -> None:
    """A document has left every store: nothing else is told of it any more."""
    await uow.webhooks.forget_document(tenant_id, document_id)
    happening = Happening(tenant_id, WebhookEvent.DOCUMENT_DELETED, document_id, document_id=document_id)
    await tell(uow, happening, at)
