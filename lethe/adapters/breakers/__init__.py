"""Circuit breakers of one process, and shared by all through Redis."""

from lethe.adapters.breakers.choice import make_breakers
from lethe.adapters.breakers.guarding import Guards
from lethe.adapters.breakers.keepers import Keeper, LocalKeeper
from lethe.adapters.breakers.policies import Policies
from lethe.adapters.breakers.shared import RedisKeeper
from lethe.adapters.breakers.wrapped import GuardedEmbedder, GuardedReranker

__all__ = [
    "GuardedEmbedder",
    "GuardedReranker",
    "Guards",
    "Keeper",
    "LocalKeeper",
    "Policies",
    "RedisKeeper",
    "make_breakers",
]
