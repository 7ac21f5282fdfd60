"""Which processes make up the stack, in which order, told where the others are by their environment."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cli.stack import temporal, weaviate_server
from cli.stack.ports import HOST, choose, free_run
from cli.stack.probes import CommandProbe, HttpProbe, Probe, TcpProbe
from cli.stack.state import Ports, StateFolder
from lethe.settings import Settings

_WEAVIATE_PORT: Final = 8090
_TEMPORAL_PORT: Final = 7233
_TEMPORAL_UI_PORT: Final = 8233
_CLUSTER_PORTS: Final = 4


@dataclass(frozen=True)
class Program:
    """A process that is kept running. ``once_ready`` is a command run each time it has become ready."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    ready: Probe
    start_seconds: float = 90.0
    stop_seconds: float = 10.0
    once_ready: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """A command that must succeed before the next stage starts."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]


Stage = tuple[Program, ...] | Step


def wanted_ports(settings: Settings) -> dict[str, int]:
    """The usual port of each listener, by the field of Ports; of those that would be started here."""
    wanted = {"api": settings.api.port, "worker_metrics": settings.worker.metrics_port}
    if not settings.temporal.address:
        wanted |= {"temporal": _TEMPORAL_PORT, "temporal_ui": _TEMPORAL_UI_PORT}
    if not settings.weaviate.url:
        wanted |= {"weaviate": _WEAVIATE_PORT, "weaviate_grpc": settings.weaviate.grpc_port}
    if not settings.witness.url:
        wanted["witness"] = settings.witness.port
    return wanted


def choose_ports(settings: Settings, previous: Ports | None) -> Ports:
    """The usual ports where they are free; inside Weaviate's cluster, those of the last run."""
    chosen: dict[str, int] = {}
    for name, port in wanted_ports(settings).items():
        chosen[name] = choose(port, chosen.values())
    cluster = free_run(_CLUSTER_PORTS, previous.weaviate_cluster if previous else None, chosen.values())
    return Ports(**chosen, weaviate_cluster=cluster)


def addresses(settings: Settings, ports: Ports) -> dict[str, str]:
    """Where everything is, by name: as configured, else on the chosen ports. Holds no credentials."""
    api = f"http://{HOST}:{ports.api}"
    found = {
        "api": api,
        "api_docs": f"{api}/docs",
        "api_metrics": f"{api}/metrics",
        "temporal": settings.temporal.address or f"{HOST}:{ports.temporal}",
        "temporal_ui": settings.temporal.ui_url,
        "weaviate": settings.weaviate.url or f"http://{HOST}:{ports.weaviate}",
        "worker_metrics": f"http://{HOST}:{ports.worker_metrics}/metrics",
        "witness": settings.witness.url or f"http://{HOST}:{ports.witness}",
    }
    if not settings.temporal.address:
        found["temporal_ui"] = f"http://{HOST}:{ports.temporal_ui}"
    return {name: address for name, address in found.items() if address}


def child_environment(settings: Settings, folder: StateFolder, ports: Ports) -> dict[str, str]:
    """What our own processes read as settings: the caller's environment with the effective addresses."""
    where = addresses(settings, ports)
    env = {
        **os.environ,
        "LETHE_STATE": str(folder.root),
        "LETHE_API__PORT": str(ports.api),
        "LETHE_WORKER__METRICS_PORT": str(ports.worker_metrics),
        "LETHE_TEMPORAL__ADDRESS": where["temporal"],
        "LETHE_TEMPORAL__UI_URL": where.get("temporal_ui", ""),
        "LETHE_WEAVIATE__URL": where["weaviate"],
        "PYTHONUNBUFFERED": "1",
    }
    if not settings.witness.url:
        env["LETHE_WITNESS__URL"] = where["witness"]
        env["LETHE_WITNESS__PORT"] = str(ports.witness)
        env["LETHE_WITNESS__TOKEN"] = folder.secrets().witness_token
    if not settings.weaviate.url:
        env["LETHE_WEAVIATE__GRPC_PORT"] = str(ports.weaviate_grpc)
        env["LETHE_WEAVIATE__API_KEY"] = folder.secrets().weaviate_api_key
    return env


def stages(settings: Settings, folder: StateFolder, ports: Ports, binary: Path | None) -> list[Stage]:
    """What `up` starts, in order: the stores that are not configured elsewhere, bootstrap, API and worker.

    `binary` is Weaviate's, None when Weaviate runs elsewhere.
    """
    env = child_environment(settings, folder, ports)
    ready = own_probes(settings, ports)
    stores: list[Program] = []
    if not settings.temporal.address:
        stores.append(_temporal(settings, folder, ports, ready["temporal"]))
    if not settings.witness.url:
        command = (sys.executable, "-m", "workers.witness")
        stores.append(Program(name="witness", argv=command, env=env, ready=ready["witness"]))
    if binary is not None:
        stores.append(_weaviate(folder, ports, binary, ready["weaviate"]))
    bootstrap = Step("bootstrap", (sys.executable, "-m", "workers", "bootstrap"), env)
    return [*([tuple(stores)] if stores else []), bootstrap, _own(settings, env, ready)]


def own_probes(settings: Settings, ports: Ports) -> dict[str, Probe]:
    """How to ask each process that `up` starts whether it serves."""
    where = addresses(settings, ports)
    found: dict[str, Probe] = {}
    if not settings.temporal.address:
        found["temporal"] = CommandProbe(tuple(temporal.health_argv(where["temporal"])))
    if not settings.weaviate.url:
        found["weaviate"] = HttpProbe(f"{where['weaviate']}/v1/.well-known/ready")
    if not settings.witness.url:
        found["witness"] = HttpProbe(f"{where['witness']}/health")
    found["api"] = HttpProbe(f"{where['api']}/v1/health")
    found["worker"] = HttpProbe(where["worker_metrics"])
    return found


def external_probes(settings: Settings) -> dict[str, Probe]:
    """What is configured by address: used, never started, so only asked whether it is there."""
    found: dict[str, Probe] = {}
    if settings.temporal.address:
        host, _, port = settings.temporal.address.rpartition(":")
        found["temporal"] = TcpProbe(host, int(port))
    if settings.weaviate.url:
        found["weaviate"] = HttpProbe(f"{settings.weaviate.url.rstrip('/')}/v1/.well-known/ready")
    for name, url in (("sql", settings.sql.url.get_secret_value()), ("redis", settings.redis.url.get_secret_value())):
        parts = urlsplit(url)
        if parts.hostname:
            found[name] = TcpProbe(parts.hostname, parts.port or (6379 if name == "redis" else 5432))
    return found


def _temporal(settings: Settings, folder: StateFolder, ports: Ports, ready: Probe) -> Program:
    namespace = settings.temporal.namespace
    database = folder.root / "temporal" / "temporal.db"
    return Program(
        name="temporal",
        argv=tuple(temporal.server_argv(database, ports.temporal, ports.temporal_ui, namespace)),
        env=os.environ,
        ready=ready,
        once_ready=tuple(
            temporal.retention_argv(f"{HOST}:{ports.temporal}", namespace, settings.temporal.retention_hours)
        ),
    )


def _weaviate(folder: StateFolder, ports: Ports, binary: Path, ready: Probe) -> Program:
    return Program(
        name="weaviate",
        argv=tuple(weaviate_server.argv(binary, ports.weaviate)),
        env=weaviate_server.environment(folder.root / "weaviate", ports, folder.secrets()),
        ready=ready,
        start_seconds=180.0,
        stop_seconds=30.0,
    )


def _own(settings: Settings, env: Mapping[str, str], ready: Mapping[str, Probe]) -> tuple[Program, ...]:
    return (
        Program(
            name="api",
            argv=(sys.executable, "-m", "api"),
            env=env,
            ready=ready["api"],
            stop_seconds=15.0,
        ),
        Program(
            name="worker",
            argv=(sys.executable, "-m", "workers", "run"),
            env=env,
            ready=ready["worker"],
            stop_seconds=settings.temporal.graceful_shutdown_seconds + 5.0,
        ),
    )
