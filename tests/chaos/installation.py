"""A whole installation of its own, every connection of it through a proxy, every process of it a child of the suite."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from temporalio.client import Client

from cli.stack import weaviate_server
from cli.stack.ports import HOST
from cli.stack.probes import HttpProbe, TcpProbe
from cli.stack.state import Ports, Secrets
from cli.stack.weaviate import ensure_binary
from lethe.settings import Settings
from tests.chaos.children import Child, end_all, keep
from tests.chaos.databases import Databases, postgres_databases, sqlite_databases
from tests.chaos.stores import Where
from tests.servers.ports import reserved_ports
from tests.servers.proxy import Link

HEARTBEAT_SECONDS = 5
STICKY_SECONDS = 3
QUESTION_SECONDS = 10
DROP_AFTER_SECONDS = 12
UPLOAD_SECONDS = 15

_PROMPT = {
    "LETHE_TEMPORAL__STICKY_SECONDS": str(STICKY_SECONDS),
    "LETHE_TEMPORAL__HEARTBEAT_SECONDS": str(HEARTBEAT_SECONDS),
    "LETHE_LIMITS__QUESTION_SECONDS": str(QUESTION_SECONDS),
    "LETHE_LIMITS__DROP_AFTER_SECONDS": str(DROP_AFTER_SECONDS),
    "LETHE_LIMITS__UPLOAD_SECONDS": str(UPLOAD_SECONDS),
    "LETHE_LIMITS__RECEIVING_HOURS": "0.01",
    "LETHE_BULK__IDLE_SECONDS": "20",
    "LETHE_BULK__BATCH_DOCUMENTS": "4",
    "LETHE_CHUNKS__TARGET_TOKENS": "64",
    "LETHE_CHUNKS__OVERLAP_TOKENS": "0",
    "LETHE_WEAVIATE__WRITE_TIMEOUT_SECONDS": "8",
    "LETHE_WORKER__NICENESS": "0",
}
"""What waits minutes in earnest waits seconds here."""

_PROVIDER = {
    "LETHE_EMBEDDING__PROVIDER": "openai",
    "LETHE_OPENAI__API_KEY": "let-me-in",
    "LETHE_ANSWERING__GENERATE": "false",
    "LETHE_OPENAI__TIMEOUT_SECONDS": "5",
    "LETHE_OPENAI__EMBEDDING_MODEL": "stand-in",
    "LETHE_OPENAI__EMBEDDING_DIMS": "384",
    "LETHE_OPENAI__EMBEDDING_TOKENIZER": "estimate",
    "LETHE_OPENAI__REQUESTS_PER_MINUTE": "0",
    "LETHE_OPENAI__TOKENS_PER_MINUTE": "0",
}
"""A free embedder behind OpenAI's protocol (tests.servers.embedding_provider)."""

_STORMS: Mapping[str, Mapping[str, object]] = {
    "rate_limited": {"kind": "status", "status": 429, "retry_after": "1"},
    "server_error": {"kind": "status", "status": 500},
    "hang": {"kind": "hang", "seconds": 20},
}
"""Those that are not told by their name alone."""


@dataclass(slots=True)
class Installation:
    """Its processes and links by name. ``where`` reaches the stores past the proxies."""

    folder: Path
    children: dict[str, Child]
    links: dict[str, Link]
    databases: Databases
    where: Where
    temporal_address: str
    provider_url: str
    tenant_id: str
    admin_key: str
    keeper: asyncio.Task[None]
    _client: Client | None = None

    @property
    def workers(self) -> list[Child]:
        return [child for name, child in self.children.items() if name.startswith("worker")]

    async def misbehave(self, storm: str) -> None:
        """Let the provider do so (tests.chaos.plan.STORMS); "" calms it. One that is down does not hear it."""
        script = {"then": _STORMS.get(storm, {"kind": storm})} if storm else {}
        async with httpx.AsyncClient(trust_env=False) as client:
            with suppress(httpx.TransportError):
                await client.put(f"{self.provider_url}/control/script", json=script)

    def http(self) -> httpx.AsyncClient:
        """A client of the API, through its link."""
        return httpx.AsyncClient(
            base_url=f"http://{HOST}:{self.links['api'].port}", timeout=httpx.Timeout(60.0), trust_env=False
        )

    async def temporal(self) -> Client:
        """A client past the proxy. Raises RuntimeError, RPCError while Temporal is down."""
        if self._client is None:
            self._client = await Client.connect(self.temporal_address)
        return self._client

    async def open_workflows(self) -> dict[str, str]:
        """Running workflows by id, and their state; those of schedules left out."""
        client = await self.temporal()
        found: dict[str, str] = {}
        async for run in client.list_workflows("ExecutionStatus = 'Running'"):
            if "/" in run.id:
                state: Any = run.search_attributes.get("state", ["?"])[0]
                found[run.id] = str(state)
        return found

    async def ready(self) -> None:
        """Open every link and wait until every process serves."""
        for link in self.links.values():
            await link.open()
        for child in self.children.values():
            child.revive()
            if not child.is_wanted:
                child.start()
        for child in self.children.values():
            await child.ready()


@asynccontextmanager
async def installation(folder: Path, stack: str, workers: int = 2) -> AsyncGenerator[Installation]:
    """Boot it, and end every process of it afterwards. ``stack``: embedded or postgres."""
    folder.mkdir(parents=True, exist_ok=True)
    logs, state = folder / "logs", folder / "state"
    logs.mkdir()
    state.mkdir(mode=0o700)
    secrets = Secrets()
    http, grpc, api_port, provider_port, *metrics = reserved_ports(4 + workers)
    temporal_port = reserved_ports(1)[0]
    ports = Ports(
        api=0, worker_metrics=0, weaviate=http, weaviate_grpc=grpc, weaviate_cluster=reserved_ports(1, run=4)[0]
    )
    async with AsyncExitStack() as exits:
        children: dict[str, Child] = {}
        keeper = asyncio.create_task(keep(children))
        exits.callback(end_all, children)
        exits.callback(keeper.cancel)
        links = {
            "api": Link(api_port),
            "worker": Link(temporal_port),
            "temporal": Link(temporal_port),
            "provider": Link(provider_port),
            "weaviate": Link(http),
            "weaviate_grpc": Link(grpc),
        }
        make = postgres_databases if stack == "postgres" else sqlite_databases
        databases = await exits.enter_async_context(make(folder, logs, temporal_port))
        children |= databases.children
        links |= databases.links
        for link in links.values():
            await link.open()
            exits.push_async_callback(link.close)
        children["weaviate"] = _weaviate(folder, logs, ports, secrets)
        children["provider"] = _provider(logs, provider_port)
        await _started(children, "postgres")
        await databases.prepare_sql()
        await _started(children, "temporal", "weaviate", "provider")
        await databases.prepare_temporal()
        env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("LETHE_")},
            **_PROMPT,
            "LETHE_STATE": str(state),
            "LETHE_WEAVIATE__URL": f"http://{HOST}:{links['weaviate'].port}",
            "LETHE_WEAVIATE__GRPC_PORT": str(links["weaviate_grpc"].port),
            "LETHE_WEAVIATE__API_KEY": secrets.weaviate_api_key,
            "LETHE_TEMPORAL__ADDRESS": f"{HOST}:{links['temporal'].port}",
            **_PROVIDER,
            "LETHE_OPENAI__BASE_URL": f"http://{HOST}:{links['provider'].port}/v1",
            **databases.settings(),
        }
        prepared = await _bootstrap(env, logs)
        children |= _own(env, logs, links, api_port, metrics)
        await _started(children, *(name for name, child in children.items() if not child.is_wanted))
        yield Installation(
            folder=folder,
            children=children,
            links=links,
            databases=databases,
            where=Where(
                ledger=databases.ledger,
                keyring=databases.keyring,
                blobs=state / "blobs",
                keys=state / "keys",
                keywords=state / "keywords",
                weaviate_port=http,
                weaviate_grpc=grpc,
                weaviate_key=secrets.weaviate_api_key,
            ),
            temporal_address=f"{HOST}:{temporal_port}",
            provider_url=f"http://{HOST}:{provider_port}",
            tenant_id=prepared["tenant_id"],
            admin_key=(state / "admin.key").read_text().strip(),
            keeper=keeper,
        )


async def _started(children: dict[str, Child], *names: str) -> None:
    """Start those that the installation has, together."""
    mine = [children[name] for name in names if name in children]
    for child in mine:
        child.start()
    for child in mine:
        await child.ready()


def _weaviate(folder: Path, logs: Path, ports: Ports, secrets: Secrets) -> Child:
    binary = ensure_binary(Settings().cache, print)
    return Child(
        name="weaviate",
        argv=weaviate_server.argv(binary, ports.weaviate),
        env=weaviate_server.environment(folder / "weaviate", ports, secrets),
        log=logs / "weaviate.log",
        probe=HttpProbe(f"http://{HOST}:{ports.weaviate}/v1/.well-known/ready"),
    )


def _provider(logs: Path, port: int) -> Child:
    return Child(
        name="provider",
        argv=(sys.executable, "-m", "tests.servers.embedding_provider", "--port", str(port)),
        env=os.environ,
        log=logs / "provider.log",
        probe=TcpProbe(HOST, port),
    )


def _own(
    env: dict[str, str], logs: Path, links: dict[str, Link], api_port: int, metrics: list[int]
) -> dict[str, Child]:
    """The API and the workers, each with its own way to Temporal."""
    children = {
        "api": Child(
            name="api",
            argv=(sys.executable, "-m", "api"),
            env={**env, "LETHE_API__PORT": str(api_port)},
            log=logs / "api.log",
            probe=HttpProbe(f"http://{HOST}:{api_port}/v1/health"),
        )
    }
    for number, port in enumerate(metrics, 1):
        children[f"worker{number}"] = Child(
            name=f"worker{number}",
            argv=(sys.executable, "-m", "workers", "run"),
            env={
                **env,
                "LETHE_WORKER__METRICS_PORT": str(port),
                "LETHE_TEMPORAL__ADDRESS": f"{HOST}:{links['worker'].port}",
            },
            log=logs / f"worker{number}.log",
            probe=HttpProbe(f"http://{HOST}:{port}/metrics"),
        )
    return children


async def _bootstrap(env: dict[str, str], logs: Path) -> dict[str, Any]:
    with (logs / "bootstrap.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "workers", "bootstrap", env=env, stdout=asyncio.subprocess.PIPE, stderr=log
        )
        out, _ = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"bootstrap failed: {(logs / 'bootstrap.log').read_text()[-2000:]}")
    return json.loads(out)
