"""Redis, which several processes share and may lose at any time."""

from lethe.adapters.redis.connection import FAILURES, RedisConnection, open_redis

__all__ = ["FAILURES", "RedisConnection", "open_redis"]
