"""The real Temporal server on PostgreSQL, built from its Go modules and kept beside Weaviate's binary."""

import asyncio
import platform
import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from temporalio.client import Client
from temporalio.service import RPCError

from cli.stack import build
from cli.stack.locks import held, try_lock
from cli.stack.ports import HOST
from cli.stack.temporal import DYNAMIC_CONFIG, program

VERSION = "1.32.2"

_RECIPE = build.Recipe(
    title=f"Temporal {VERSION}",
    modules=(
        f"go.temporal.io/server/cmd/server@v{VERSION}",
        f"go.temporal.io/server/cmd/tools/sql@v{VERSION}",
    ),
    minimum=(1, 26, 10),
    advice="connect to a Go module proxy (GOPROXY)",
)
_PLUGIN = "postgres12"
_SCHEMA = "postgresql/v12"
_USABLE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class TemporalPrograms:
    """The server, and the tool that makes its schema."""

    server: Path
    sql_tool: Path

    def prepare(self, port: int, user: str) -> None:
        """Make and fill the databases `temporal` and `temporal_visibility` of the PostgreSQL at the port."""
        for database, schema in (("temporal", "temporal"), ("temporal_visibility", "visibility")):
            connection = ["--plugin", _PLUGIN, "--ep", HOST, "-p", str(port), "-u", user, "--db", database]
            for command in (
                ["create-database"],
                ["setup-schema", "-v", "0.0"],
                ["update-schema", "--schema-name", f"{_SCHEMA}/{schema}"],
            ):
                subprocess.run([str(self.sql_tool), *connection, *command], check=True, capture_output=True)


def temporal_programs(cache: Path) -> TemporalPrograms:
    """From the cache, else built (about five minutes)."""
    target = cache / f"temporal-{VERSION}-{platform.system().lower()}-{platform.machine().lower()}"
    programs = TemporalPrograms(target / "server", target / "sql")
    if not target.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        while (lock := try_lock(cache / f"temporal-{VERSION}.lock")) is None:
            time.sleep(1)
        with held(lock):
            if not target.is_dir():
                _build(cache, target)
    return programs


def _build(cache: Path, target: Path) -> None:
    scratch = Path(tempfile.mkdtemp(prefix=f"temporal-{VERSION}-", dir=cache))
    try:
        build.build(_RECIPE, scratch, print).replace(target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def write_config(folder: Path, sql_port: int, user: str, ports: list[int]) -> Path:
    """The server's configuration: four shards, every listener on loopback, the embedded stack's dynamic settings.

    ``ports``: eight low ones; the first is the frontend's.
    """
    dynamic = folder / "dynamic.yaml"
    dynamic.write_text("".join(f"{key}:\n  - value: {value}\n" for key, value in DYNAMIC_CONFIG.items()))
    grpc, membership = ports[:4], ports[4:8]
    services = "".join(
        f"  {name}:\n    rpc: {{grpcPort: {grpc[at]}, membershipPort: {membership[at]}, bindOnIP: {HOST}}}\n"
        for at, name in enumerate(("frontend", "matching", "history", "worker"))
    )
    stores = "".join(
        f"    {store}:\n      sql: {{pluginName: {_PLUGIN}, databaseName: {database}, "
        f"connectAddr: '{HOST}:{sql_port}', "
        f"connectProtocol: tcp, user: {user}, password: '', maxConns: 20, maxIdleConns: 20, maxConnLifetime: 1h}}\n"
        for store, database in (("default", "temporal"), ("visibility", "temporal_visibility"))
    )
    config = folder / "temporal.yaml"
    config.write_text(
        f"""log: {{stdout: true, level: warn}}
persistence:
  defaultStore: default
  visibilityStore: visibility
  numHistoryShards: 4
  datastores:
{stores}global:
  membership: {{maxJoinDuration: 30s, broadcastAddress: {HOST}}}
services:
{services}clusterMetadata:
  enableGlobalNamespace: false
  failoverVersionIncrement: 10
  masterClusterName: active
  currentClusterName: active
  clusterInformation:
    active: {{enabled: true, initialFailoverVersion: 1, rpcName: frontend, rpcAddress: '{HOST}:{grpc[0]}'}}
dcRedirectionPolicy: {{policy: noop}}
archival:
  history: {{state: disabled}}
  visibility: {{state: disabled}}
namespaceDefaults:
  archival:
    history: {{state: disabled}}
    visibility: {{state: disabled}}
dynamicConfigClient: {{filepath: {dynamic}, pollInterval: 60s}}
"""
    )
    return config


def server_argv(programs: TemporalPrograms, config: Path) -> list[str]:
    return [str(programs.server), "--config-file", str(config), "--allow-no-auth", "start"]


async def make_namespace(address: str) -> Client:
    """A client of the namespace `default`, which is made, and usable."""
    command = [str(program()), "operator", "namespace", "create", "--namespace", "default", "--retention", "72h"]
    await asyncio.to_thread(subprocess.run, [*command, "--address", address], check=True, capture_output=True)
    client = await Client.connect(address)
    deadline = time.monotonic() + _USABLE_SECONDS
    while time.monotonic() < deadline:
        # It is as soon as the server's cache has it.
        with suppress(RPCError):
            await client.count_workflows("")
            return client
        await asyncio.sleep(0.2)
    raise RuntimeError("Temporal's namespace did not become usable")
