"""The two installations the trials are made on: everything embedded, and all but Weaviate of its own kind."""

import asyncio
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
from redis import Redis

from tests.conftest import settings_at
from tests.integration.canaries.scanning import Found, files_of
from tests.integration.canaries.trial import SHORT, Look, Trial
from tests.servers.cluster import Cluster
from tests.servers.postgres import make_cluster
from tests.servers.redis import MEMORY_ONLY, running_redis
from tests.servers.stack import Stack, running_stack
from tests.servers.temporal_postgres import running_temporal_on_postgres


@dataclass(frozen=True, slots=True)
class Outcome:
    """Before the erasure; after it, all processes running; once they have ended and written what they held;
    and with the name planted in every place. ``forgotten``: of the request itself, once it is certified, and at the
    end.
    """

    trial: Trial
    before: Look
    after: Look
    ended: Found
    planted: Found
    seconds: float
    forgotten: tuple[Found, Found]


def embedded(folder: Path) -> Outcome:
    """`lethe up` with nothing configured."""
    state = folder / "state"

    def places() -> dict[str, Path]:
        return {part.name: part for part in [*state.iterdir(), state.with_name("state-witness")]}

    with running_stack(state, SHORT) as stack, _client(stack) as api:
        trial = Trial(api, settings_at(state), places, stack.address("temporal"))
        trial.tell()
        trial.learn()
        before = trial.look()
        seconds = _erased(trial)
        after, forgotten = trial.look(), trial.forget()
    return Outcome(trial, before, after, trial.scan(), trial.plant(), seconds, (forgotten, trial.scan_own()))


def external(folder: Path) -> Outcome:
    """`lethe up` beside a PostgreSQL, a Redis, and a Temporal on another PostgreSQL. No values are compressed."""
    state, memory = folder / "state", folder / "redis"
    memory.mkdir()
    with ExitStack() as exits:
        redis = exits.enter_context(running_redis(*MEMORY_ONLY, "--dir", str(memory)))
        cluster = Cluster(make_cluster(Path(exits.enter_context(_folder()))))
        exits.callback(cluster.child.kill)
        asyncio.run(cluster.start())
        databases = ("ledger", "keyring")
        urls = [cluster.postgres.create_database(name) for name in databases]
        data = cluster.postgres.folder / "data"
        temporal = exits.enter_context(running_temporal_on_postgres())

        def places() -> dict[str, Path]:
            own = {part.name: part for part in [*state.iterdir(), state.with_name("state-witness")]}
            sql = {f"postgresql/{part.name}": part for part in data.iterdir()}
            histories = {f"temporal-postgresql/{part.name}": part for part in temporal.data.iterdir()}
            logs = {"postgresql/log": cluster.postgres.folder / "log", "temporal-log": temporal.log}
            return {**own, **sql, **histories, **logs, "redis": memory}

        configured = {
            "DATABASE_URL": urls[0],
            "LETHE_SQL__KEYRING_URL": urls[1],
            "REDIS_URL": redis.url,
            "TEMPORAL_ADDRESS": temporal.address,
        }
        with running_stack(state, {**SHORT, **configured}) as stack, _client(stack) as api:
            for name in databases:
                cluster.postgres.store_uncompressed(name)
            trial = Trial(api, settings_at(state, *urls), places, temporal.address)
            trial.tell()
            trial.learn()
            Redis.from_url(redis.url).set("canary", trial.canary.name)
            # Only a shutdown writes the pages of UNLOGGED tables.
            asyncio.run(cluster.restart())
            temporal.write_pages()
            before = trial.look()
            seconds = _erased(trial)
            temporal.write_pages()
            after, forgotten = trial.look(), trial.forget()
        asyncio.run(cluster.restart())
        temporal.end()
        assert files_of(memory) == [], "Redis writes to disk"
        left = (forgotten, trial.scan_own())
        return Outcome(trial, before, after, trial.scan(), trial.plant(), seconds, left)


def _erased(trial: Trial) -> float:
    began = time.monotonic()
    trial.erase()
    return time.monotonic() - began


def _client(stack: Stack) -> httpx.Client:
    headers = {"X-API-Key": stack.admin_key}
    return httpx.Client(base_url=stack.address("api"), headers=headers, timeout=60, trust_env=False)


def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="lethe-pg-", ignore_cleanup_errors=True)
