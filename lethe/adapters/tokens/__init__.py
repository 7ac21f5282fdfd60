"""Token buses: within one process, and through Redis for several."""

from lethe.adapters.tokens.choice import make_tokens
from lethe.adapters.tokens.memory import InProcessTokens
from lethe.adapters.tokens.shared import RedisTokens

__all__ = ["InProcessTokens", "RedisTokens", "make_tokens"]
