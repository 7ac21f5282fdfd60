"""The token bus the settings ask for."""

from lethe.adapters.redis import RedisConnection
from lethe.adapters.tokens.memory import InProcessTokens
from lethe.adapters.tokens.shared import RedisTokens
from lethe.ports.tokens import TokenBus
from lethe.settings import Settings


def make_tokens(settings: Settings, redis: RedisConnection | None) -> TokenBus:
    """Shared through ``redis`` if there is one, else of this process."""
    if redis is None:
        return InProcessTokens()
    return RedisTokens(
        redis,
        prefix=f"lethe:{settings.environment}:tokens:",
        seconds=settings.breakers.shared_seconds,
        command_seconds=settings.redis.timeout_seconds,
    )
