"""Making and removing webhooks, reading their deliveries, and delivering a dead one again."""

from dataclasses import dataclass, replace

from lethe.errors import DeliveryNotDead, DeliveryNotFound, WebhookNotFound, WebhookUrlRefused
from lethe.model.ids import Id, new_id
from lethe.model.operations import Dispatch, DispatchKind
from lethe.model.web_addresses import UnfitAddress, web_address
from lethe.model.webhooks import Delivery, DeliveryState, Webhook, WebhookEvent
from lethe.model.workflow_ids import dispatch_id
from lethe.ports.clock import Clock
from lethe.ports.keyring import KeyRing
from lethe.ports.ledger import Ledger
from lethe.privacy.sealing import Purpose, seal_text, unseal_text
from lethe.settings import WebhookSettings


@dataclass(frozen=True, slots=True)
class Webhooks:
    """The webhooks of a tenant."""

    ledger: Ledger
    keyring: KeyRing
    clock: Clock
    settings: WebhookSettings

    async def create(
        self, tenant_id: Id, url: str, events: tuple[WebhookEvent, ...], secret: str, webhook_id: Id | None = None
    ) -> Webhook:
        """Raises WebhookUrlRefused. Where a name leads is checked at each delivery, not here: it may change.

        ``webhook_id``: what it is called; one that an earlier, broken off sending of the request made is met again by
        it, with the secret of then.
        """
        _refuse_unfit(url, allow_private=self.settings.allow_private)
        webhook_id = webhook_id or new_id()
        key = await self.keyring.create(tenant_id, webhook_id)
        async with self.ledger.read() as uow:
            made = await uow.webhooks.get(tenant_id, webhook_id)
        if made is not None:
            return made
        webhook = Webhook(
            tenant_id=tenant_id,
            id=webhook_id,
            sealed_url=seal_text(key, Purpose.WEBHOOK_URL, url),
            sealed_secret=seal_text(key, Purpose.WEBHOOK_SIGNING, secret),
            events=tuple(sorted({event.value for event in events})),
            created_at=self.clock.now(),
        )
        # Its key is kept whatever happens: a unit whose answer is lost may have been committed, and the next sending
        # needs the key under the same id. Where none comes, the key is left, and opens nothing.
        async with self.ledger.write() as uow:
            await uow.webhooks.add(webhook)
        return webhook

    async def secret_of(self, webhook: Webhook) -> str:
        """What its messages are signed with."""
        key = await self.keyring.get(webhook.tenant_id, webhook.id)
        return unseal_text(key, Purpose.WEBHOOK_SIGNING, webhook.sealed_secret)

    async def delete(self, tenant_id: Id, webhook_id: Id) -> None:
        """With its deliveries; nothing is told to it any more. Raises WebhookNotFound."""
        async with self.ledger.write() as uow:
            if await uow.webhooks.get(tenant_id, webhook_id) is None:
                raise WebhookNotFound
            # After a kill it is disabled, and listed without its address until it is deleted again.
            await uow.webhooks.disable(tenant_id, webhook_id, self.clock.now())
        # The key before the row that names it: deleted again after a kill, it is found.
        await self.keyring.destroy(tenant_id, [webhook_id])
        async with self.ledger.write() as uow:
            await uow.webhooks.delete(tenant_id, webhook_id)

    async def redeliver(self, tenant_id: Id, webhook_id: Id, delivery_id: Id) -> Delivery:
        """Try a dead delivery again from the beginning. Raises DeliveryNotFound, DeliveryNotDead."""
        now = self.clock.now()
        workflow_id = dispatch_id(DispatchKind.DELIVER_WEBHOOK, tenant_id, delivery_id)
        async with self.ledger.write() as uow:
            delivery = await uow.webhooks.delivery(tenant_id, delivery_id)
            if delivery is None or delivery.webhook_id != webhook_id:
                raise DeliveryNotFound
            if delivery.state is not DeliveryState.DEAD:
                raise DeliveryNotDead
            pending = replace(delivery, state=DeliveryState.PENDING, attempts=0, updated_at=now)
            await uow.webhooks.update_delivery(pending)
            await uow.dispatches.renew(
                Dispatch(tenant_id, workflow_id, DispatchKind.DELIVER_WEBHOOK, delivery_id, now, again=True)
            )
        return pending


def _refuse_unfit(url: str, *, allow_private: bool) -> None:
    try:
        address = web_address(url, any_host=allow_private)
    except UnfitAddress as error:
        raise WebhookUrlRefused from error
    if "#" in url or not (allow_private or address.scheme == "https"):
        raise WebhookUrlRefused
