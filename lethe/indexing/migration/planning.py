"""What a migration will take: reckoned, never measured, and nothing is changed."""

from dataclasses import dataclass, field

from lethe.errors import (
    CanaryNotAllowed,
    ChunksTooLong,
    IndexBuildMissing,
    IndexParametersNotAllowed,
    ProviderNotAllowed,
)
from lethe.indexing.builds import active_vector_build
from lethe.indexing.migration.targets import Target, find
from lethe.model.ids import Id
from lethe.model.index_parameters import IndexParameters
from lethe.model.indexes import IndexBuild
from lethe.model.migrations import Judgement, MigrationPlan
from lethe.ports.ledger import Ledger
from lethe.privacy.processors import cost_micros
from lethe.privacy.provider_policy import is_allowed
from lethe.settings import AnsweringSettings, MigrationSettings


@dataclass(frozen=True, slots=True)
class MigrationWish:
    """``model``: None for the one that serves; ``parameters``: None for those that serve.

    ``soak_seconds``: None for the setting's.
    """

    model: str | None = None
    parameters: IndexParameters | None = None
    budget_micros: int | None = None
    soak_seconds: float | None = None
    is_canary: bool = False
    is_automatic: bool = True
    judgements: tuple[Judgement, ...] = field(default_factory=tuple[Judgement, ...])


@dataclass(frozen=True, slots=True)
class Planned:
    """From what to what, and what it takes."""

    source: IndexBuild
    target: Target
    parameters: str
    plan: MigrationPlan


@dataclass(frozen=True, slots=True)
class MigrationPlanner:
    """``longest_chunk``: most tokens of a chunk, as the configured model counts them."""

    ledger: Ledger
    targets: tuple[Target, ...]
    longest_chunk: int
    prices: AnsweringSettings
    settings: MigrationSettings

    async def plan(self, tenant_id: Id, wish: MigrationWish) -> Planned:
        """Raises CanaryNotAllowed, IndexParametersNotAllowed, UnknownEmbeddingModel, ChunksTooLong, ProviderNotAllowed,
        IndexBuildMissing.
        """
        if wish.is_canary and tenant_id not in self.settings.canary_tenants:
            raise CanaryNotAllowed
        if wish.parameters is not None:
            _refuse_others(wish.parameters, self.settings)
        async with self.ledger.read() as uow:
            source = await active_vector_build(uow, tenant_id)
            tenant = await uow.tenants.get(tenant_id)
            target = find(self.targets, wish.model or source.spec)
            need = await uow.chunks.need(tenant_id, target.spec.key)
        if tenant is None:
            raise IndexBuildMissing
        if target.max_tokens < self.longest_chunk:
            raise ChunksTooLong(f"Chunks have up to {self.longest_chunk} tokens, the model takes {target.max_tokens}.")
        if target.provider and not is_allowed(tenant.allowed_providers, target.provider):
            raise ProviderNotAllowed(f"The tenant does not allow {target.provider}.")
        cost = cost_micros(self.prices.price(target.processor), need.tokens, 0, 0) if target.processor else 0
        plan = MigrationPlan(
            chunks=need.chunks,
            to_embed=need.to_embed,
            tokens=need.tokens,
            cost_micros=cost,
            currency=self.prices.currency,
            seconds=target.seconds(need.to_embed, need.tokens, self.settings.tokens_per_second),
        )
        parameters = source.parameters if wish.parameters is None else wish.parameters.key
        return Planned(source, target, parameters, plan)


def _refuse_others(wish: IndexParameters, allowed: MigrationSettings) -> None:
    choices = {
        "ef": (wish.ef, allowed.ef),
        "ef_construction": (wish.ef_construction, allowed.ef_construction),
        "connections": (wish.connections, allowed.connections),
        "quantisation": (wish.quantisation, allowed.quantisations),
        "replicas": (wish.replicas, allowed.replicas),
    }
    for name, (wished, choice) in choices.items():
        if wished not in choice:
            raise IndexParametersNotAllowed(f"{name}: {', '.join(map(str, choice))}")
