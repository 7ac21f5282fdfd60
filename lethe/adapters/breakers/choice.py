"""The breakers the settings ask for."""

from collections.abc import Collection

from lethe.adapters.breakers.guarding import Guards
from lethe.adapters.breakers.keepers import LocalKeeper
from lethe.adapters.breakers.policies import Policies
from lethe.adapters.breakers.shared import RedisKeeper
from lethe.adapters.redis import RedisConnection
from lethe.ports.breakers import REDIS, WEAVIATE, chat_breaker, embed_breaker, rerank_breaker
from lethe.ports.clock import Clock
from lethe.settings import RerankProvider, Settings


def make_breakers(settings: Settings, redis: RedisConnection | None, clock: Clock) -> Guards:
    """Shared through ``redis`` if there is one, else of this process."""
    policies = Policies(settings.breakers)
    local = LocalKeeper(policies, clock)
    if redis is None:
        return Guards(local, policies, _names(settings))
    keeper = RedisKeeper(
        redis,
        local,
        policies,
        prefix=f"lethe:{settings.environment}:breaker:",
        seconds=settings.breakers.shared_seconds,
    )
    return Guards(keeper, policies, [*_names(settings), REDIS])


def _names(settings: Settings) -> Collection[str]:
    names = [chat_breaker(entry.provider, entry.model) for entry in settings.chat_chain]
    names += [embed_breaker(provider) for provider, _ in settings.embedding_processors]
    if settings.rerank.provider is not RerankProvider.NONE:
        names.append(rerank_breaker(settings.rerank.provider))
    return [*names, WEAVIATE]
