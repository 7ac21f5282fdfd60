"""States that every process sees, in Redis. The machine runs here; Redis only swaps one state for the next."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import asdict
from typing import Final, TypeVar, cast

from redis.asyncio import Redis

from lethe.adapters.breakers.keepers import LocalKeeper, show, view_of
from lethe.adapters.breakers.policies import Policies
from lethe.adapters.redis import FAILURES, RedisConnection
from lethe.errors import ConfigurationError
from lethe.model.breakers import Admission, BreakerState, Outcome, Phase, admit, report
from lethe.ports.breakers import REDIS, BreakerView

T = TypeVar("T")

_KEPT_SECONDS: Final = 3_600
"""Longer than any opening. A state that is gone is that of a breaker nobody used."""

_SWAP: Final = """
local held = redis.call('GET', KEYS[1]) or ''
if held ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return 1
"""


class RedisKeeper:
    """A Keeper by compare-and-swap, by the clock of Redis. While Redis is away, ``local`` goes on from the last state.

    Redis has a breaker itself, which is always local.
    """

    def __init__(
        self, connection: RedisConnection, local: LocalKeeper, policies: Policies, *, prefix: str, seconds: float
    ) -> None:
        """``seconds`` is how long Redis may take."""
        self._connection = connection
        self._local = local
        self._policies = policies
        self._prefix = prefix
        self._seconds = seconds
        # Tasks of one process would only make each other repeat their swaps.
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def admit(self, name: str) -> Admission:
        async def shared(client: Redis) -> Admission:
            return await self._step(client, name, lambda state, now: admit(state, self._policies.of(name), now))

        return await self._or_local(shared, lambda: self._local.admitted(name))

    async def report(self, name: str, epoch: int, outcome: Outcome, asked_delay: float | None) -> BreakerState:
        policy = self._policies.of(name)

        def step(state: BreakerState, now: float) -> Admission:
            return Admission(report(state, policy, epoch, outcome, now, asked_delay), epoch)

        async def shared(client: Redis) -> BreakerState:
            return (await self._step(client, name, step)).state

        return await self._or_local(shared, lambda: self._local.reported(name, epoch, outcome, asked_delay))

    async def views(self, names: Collection[str]) -> Mapping[str, BreakerView]:
        async def shared(client: Redis) -> Mapping[str, BreakerView]:
            return {name: await self._seen(client, name) for name in names if name != REDIS}

        found = await self._or_local(shared, lambda: {name: self._local.view(name) for name in names if name != REDIS})
        return {**found, REDIS: self._local.view(REDIS)} if REDIS in names else found

    async def _seen(self, client: Redis, name: str) -> BreakerView:
        held, now = await self._read(client, name)
        state = _state(held)
        self._local.adopt(name, state)
        return view_of(state, self._policies.of(name), now)

    async def _or_local(self, shared: Callable[[Redis], Awaitable[T]], local: Callable[[], T]) -> T:
        epoch = self._local.admitted(REDIS).epoch
        if epoch is None:
            return local()
        outcome = Outcome.UNKNOWN
        try:
            async with asyncio.timeout(self._seconds):
                found = await shared(await self._connection.client())
            outcome = Outcome.ANSWERED
        except (*FAILURES, ConfigurationError):
            outcome = Outcome.FAILED
            return local()
        else:
            return found
        finally:
            show(REDIS, self._local.reported(REDIS, epoch, outcome).phase)

    async def _step(self, client: Redis, name: str, step: Callable[[BreakerState, float], Admission]) -> Admission:
        """Read, step, swap; again if another was first."""
        swap = client.register_script(_SWAP)
        held, after = await self._stepped(client, name, step)
        if after.state != _state(held):
            async with self._turns[name]:
                while True:
                    held, after = await self._stepped(client, name, step)
                    values = [held, _written(after.state), _KEPT_SECONDS]
                    if after.state == _state(held) or await swap(keys=[self._key(name)], args=values):
                        break
        self._local.adopt(name, after.state)
        return after

    async def _stepped(
        self, client: Redis, name: str, step: Callable[[BreakerState, float], Admission]
    ) -> tuple[bytes, Admission]:
        held, now = await self._read(client, name)
        return held, step(_state(held), now)

    async def _read(self, client: Redis, name: str) -> tuple[bytes, float]:
        """What is held, and the time on Redis' clock."""
        async with client.pipeline(transaction=False) as pipeline:
            pipeline.get(self._key(name))
            pipeline.time()
            held, (seconds, micros) = cast("tuple[bytes | None, tuple[int, int]]", tuple(await pipeline.execute()))
        return held or b"", seconds + micros / 1_000_000

    def _key(self, name: str) -> str:
        return f"{self._prefix}{name}"


def _written(state: BreakerState) -> str:
    return json.dumps(asdict(state), separators=(",", ":"))


def _state(held: bytes) -> BreakerState:
    """A state that another release wrote differently is as good as none."""
    if not held:
        return BreakerState()
    try:
        fields = json.loads(held)
        return BreakerState(**fields | {"phase": Phase(fields["phase"])})
    except (ValueError, TypeError, KeyError):
        return BreakerState()
