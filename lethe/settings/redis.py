"""Settings of Redis."""

from typing import Annotated

from pydantic import Field, SecretStr

from lethe.settings.base import Section


class RedisSettings(Section):
    """What several processes share and may lose: breakers, tokens on their way, caches. Works without."""

    url: SecretStr = SecretStr("")
    """`redis://...`; empty: none, each process keeps its own."""
    timeout_seconds: Annotated[float, Field(gt=0)] = 2.0
    """Limit of a command."""
    is_memory_only: bool = False
    """Says that a Redis that does not let itself be asked (`CONFIG` is not permitted) writes nothing to disk."""
