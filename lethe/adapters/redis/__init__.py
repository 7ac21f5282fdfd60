"""Redis, which several processes share and may lose at any time."""

from lethe.adapters.redis.connection import FAILURES, RedisConnection

__all__ = ["FAILURES", "RedisConnection"]
