"""Which outside processors a tenant lets have its texts. `lethe.privacy.processors` asks before every call."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from lethe.model.ids import Id, new_id
from lethe.model.principals import Caller
from lethe.model.processors import Operation, PolicyChange, Processor
from lethe.ports.clock import Clock
from lethe.ports.ledger import Ledger, PageCursor
from lethe.settings import OutsideProvider, RerankProvider, Settings


@dataclass(frozen=True, slots=True)
class ProcessorView:
    """A processor that this installation is configured to call, and whether the tenant lets it."""

    provider: str
    region: str
    model: str
    operation: Operation
    is_allowed: bool


@dataclass(frozen=True, slots=True)
class PolicyView:
    """The policy in force. Never changed, it has neither ``changed_at`` nor ``changed_by``."""

    allowed: tuple[str, ...] | None
    processors: tuple[ProcessorView, ...]
    changed_at: datetime | None
    changed_by: Id | None


@dataclass(frozen=True, slots=True)
class ProviderPolicy:
    """The policy of the caller's tenant, which must be an admin of it."""

    ledger: Ledger
    clock: Clock
    processors: tuple[Processor, ...]

    async def get(self, caller: Caller) -> PolicyView:
        """The policy in force."""
        async with self.ledger.read() as uow:
            tenant = await uow.tenants.get(caller.tenant_id)
            last = await uow.processor_policies.page(caller.tenant_id, None, 1)
        return self._view(tenant.allowed_providers if tenant else (), last)

    async def allow(self, caller: Caller, providers: Collection[OutsideProvider] | None) -> PolicyView:
        """Allow these only, or with None every configured one, from the next call on; kept with who said so.

        Saying again what is in force changes nothing.
        """
        allowed = None if providers is None else tuple(sorted({provider.value for provider in providers}))
        async with self.ledger.write() as uow:
            tenant = await uow.tenants.lock(caller.tenant_id)
            if tenant.allowed_providers != allowed:
                now = self.clock.now()
                change = PolicyChange(caller.tenant_id, new_id(), caller.principal_id, allowed, now)
                await uow.processor_policies.put(change)
            last = await uow.processor_policies.page(caller.tenant_id, None, 1)
        return self._view(allowed, last)

    async def changes(self, caller: Caller, after: PageCursor | None, limit: int) -> list[PolicyChange]:
        """Who changed the policy, when, and to what, newest first."""
        async with self.ledger.read() as uow:
            return await uow.processor_policies.page(caller.tenant_id, after, limit)

    def _view(self, allowed: tuple[str, ...] | None, last: list[PolicyChange]) -> PolicyView:
        views = tuple(
            ProcessorView(each.provider, each.region, each.model, each.operation, is_allowed(allowed, each.provider))
            for each in self.processors
        )
        changed = last[0] if last else None
        return PolicyView(allowed, views, changed and changed.created_at, changed and changed.principal_id)


def is_allowed(allowed: tuple[str, ...] | None, provider: str) -> bool:
    """Whether a policy lets the provider have texts."""
    return allowed is None or provider in allowed


def configured_processors(settings: Settings) -> tuple[Processor, ...]:
    """Every outside processor that the settings have called."""
    chat = tuple(
        Processor(entry.provider.value, settings.vendors[entry.provider].region, entry.model, Operation.GENERATE)
        for entry in settings.chat_chain
    )
    if entry := settings.rewriting_model:
        region = settings.vendors[entry.provider].region
        chat = (Processor(entry.provider.value, region, entry.model, Operation.REWRITE), *chat)
    if settings.rerank.provider is RerankProvider.COHERE:
        cohere = settings.cohere
        chat = (Processor(OutsideProvider.COHERE.value, cohere.region, cohere.rerank_model, Operation.RERANK), *chat)
    embedding = tuple(
        Processor(provider.value, section.region, section.embedding_model, Operation.EMBED)
        for provider, section in settings.embedding_processors
    )
    return (*embedding, *chat)
