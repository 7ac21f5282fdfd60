"""A whole installation under test: real Temporal, Weaviate and SQL, worker processes that can be killed."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from google.protobuf.duration_pb2 import Duration
from pydantic import SecretStr
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client

from lethe.adapters.blobs import FsspecBlobs
from lethe.adapters.clock import SystemClock
from lethe.adapters.keyring import SqlKeyRing
from lethe.adapters.sql import SqlLedger
from lethe.adapters.stores import open_stores
from lethe.adapters.weaviate import WeaviateIndex
from lethe.ingestion.chunking import pipeline_revision
from lethe.ingestion.documents import Documents
from lethe.ingestion.removal import VersionRemover
from lethe.ingestion.requests import DocumentView, Receipt, UploadRequest
from lethe.ingestion.uploads import Uploads
from lethe.model.documents import Status
from lethe.model.ids import Id, new_id
from lethe.model.operations import Dispatch, DispatchKind
from lethe.model.principals import Caller, Role
from lethe.ports.embedding import Embedder
from lethe.ports.keywords import KeywordIndex
from lethe.retrieval.ladder import KeywordRung
from lethe.retrieval.search import Search
from lethe.settings import ProviderSettings, Settings, WeaviateSettings, WorkerSettings
from tests.servers.ports import reserved_ports
from workers.bootstrap import bootstrap
from workers.temporal import connect, ensure_search_attributes
from workflows.starters import Starters

FAILPOINT_EXIT = 137
_USABLE_SECONDS = 120.0
ENDED = frozenset({Status.READY, Status.FAILED})
NEVER_MINUTES = 100 * 365 * 24 * 60
"""No audit but a test's own puts right what the test has damaged."""


@dataclass(frozen=True, slots=True)
class Installation:
    """Its adapters, and the use cases the API would call."""

    settings: Settings
    client: Client
    ledger: SqlLedger
    keyring: SqlKeyRing
    index: WeaviateIndex
    keywords: KeywordIndex
    blobs: FsspecBlobs
    embedder: Embedder
    caller: Caller

    @property
    def uploads(self) -> Uploads:
        return Uploads(
            ledger=self.ledger,
            blobs=self.blobs,
            keyring=self.keyring,
            remover=VersionRemover(self.ledger, self.blobs, self.keyring, self.index, self.keywords),
            clock=SystemClock(),
            revision=pipeline_revision(self.settings.chunks, self.embedder.tokenizer),
            max_bytes=self.settings.limits.document_bytes,
        )

    @property
    def documents(self) -> Documents:
        return Documents(self.ledger, self.keyring, SystemClock())

    @property
    def search(self) -> Search:
        return Search(
            self.ledger,
            self.keyring,
            self.index,
            self.embedder,
            self.settings.retrieval,
            KeywordRung(self.ledger, self.keywords),
        )

    async def upload(self, text: str | bytes, uri: str | None = None, **fields: object) -> Receipt:
        """Receive a document without starting its workflow."""
        data = text.encode() if isinstance(text, str) else text
        name = Path(uri).name if uri else "document.txt"
        request = UploadRequest(source_uri=uri, filename=name, **fields)  # type: ignore[arg-type]
        return await self.uploads.receive(self.caller, request, once(data))

    async def start(self, receipt: Receipt) -> None:
        """Start what a receipt dispatched, as the API does after its commit."""
        if not receipt.workflow_id:
            return
        kind = DispatchKind(receipt.workflow_id.partition("/")[0])
        ref = receipt.version_id if kind is DispatchKind.INGEST_DOCUMENT else receipt.document_id
        now = SystemClock().now()
        await Starters(self.client).start(Dispatch(self.caller.tenant_id, receipt.workflow_id, kind, ref, now))

    async def ingest(self, text: str | bytes, uri: str | None = None, **fields: object) -> Receipt:
        receipt = await self.upload(text, uri, **fields)
        await self.start(receipt)
        return receipt

    async def ended(self, document_id: Id, seconds: float = 180.0) -> DocumentView:
        """The document as soon as its ingestion succeeded or gave up."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            view = await self.documents.get(self.caller, document_id)
            if view.status in ENDED:
                return view
            await asyncio.sleep(0.1)
        raise AssertionError(f"document {document_id} was still {view.status} after {seconds} s")  # pyright: ignore[reportPossiblyUnboundVariable]

    async def decide(self, receipt: Receipt, action: str) -> None:
        """Send `resolve` as soon as the ingestion waits for it: the document shows failed a moment before."""
        handle = self.client.get_workflow_handle(receipt.workflow_id)
        while not (await handle.query("progress", result_type=dict))["attention"]:
            await asyncio.sleep(0.05)
        await handle.execute_update("resolve", action)

    async def result(self, receipt: Receipt) -> object:
        """The result of the receipt's workflow."""
        return await self.client.get_workflow_handle(receipt.workflow_id).result()

    def worker(self, failpoint: str = "") -> "WorkerProcess":
        return WorkerProcess(self.settings, failpoint)


def environment_of(settings: Settings) -> dict[str, str]:
    """What a process of the installation reads its settings from."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("LETHE_")},
        "LETHE_STATE": str(settings.state),
        "LETHE_TEMPORAL__ADDRESS": settings.temporal.address,
        "LETHE_TEMPORAL__NAMESPACE": settings.temporal.namespace,
        "LETHE_TEMPORAL__HEARTBEAT_SECONDS": str(settings.temporal.heartbeat_seconds),
        "LETHE_TEMPORAL__STICKY_SECONDS": str(settings.temporal.sticky_seconds),
        "LETHE_CHUNKS__TARGET_TOKENS": str(settings.chunks.target_tokens),
        "LETHE_CHUNKS__OVERLAP_TOKENS": str(settings.chunks.overlap_tokens),
        "LETHE_BULK__BATCH_DOCUMENTS": str(settings.bulk.batch_documents),
        "LETHE_WEAVIATE__URL": settings.weaviate.url,
        "LETHE_WEAVIATE__GRPC_PORT": str(settings.weaviate.grpc_port),
        "LETHE_WEAVIATE__API_KEY": settings.weaviate.api_key.get_secret_value(),
        "LETHE_WEAVIATE__TIMEOUT_SECONDS": str(settings.weaviate.timeout_seconds),
        "LETHE_RETRIEVAL__EMBED_SECONDS": str(settings.retrieval.embed_seconds),
        "LETHE_LIMITS__DROP_AFTER_SECONDS": str(settings.limits.drop_after_seconds),
        "LETHE_AUDIT__EVERY_MINUTES": str(settings.audit.every_minutes),
        "LETHE_AUDIT__SETTLE_SECONDS": str(settings.audit.settle_seconds),
        "LETHE_ERASURE__DRAIN_SECONDS": str(settings.erasure.drain_seconds),
        "LETHE_KEYS__CACHE_SECONDS": str(settings.keys.cache_seconds),
        "LETHE_WITNESS__URL": settings.witness.url,
        "LETHE_WITNESS__TOKEN": settings.witness.token.get_secret_value(),
        "LETHE_SOURCES": json.dumps(settings.sources.model_dump(exclude_defaults=True), default=_shown),
        "LETHE_SYNC": settings.sync.model_dump_json(),
        "LETHE_TESTING__FREE_EMBEDDER": str(settings.testing.free_embedder),
        "LETHE_MALWARE__CLAMD": settings.malware.clamd,
        "LETHE_EMBEDDING__PROVIDER": settings.embedding.provider,
        "LETHE_ANSWERING__GENERATE": str(settings.answering.generate),
        **_provider_environment(settings),
        "LETHE_WORKER__CPU_SLOTS": str(settings.worker.cpu_slots),
        "LETHE_WORKER__IO_SLOTS": str(settings.worker.io_slots),
        "LETHE_WORKER__NICENESS": str(settings.worker.niceness),
        "LETHE_WEBHOOKS__TIMEOUT_SECONDS": str(settings.webhooks.timeout_seconds),
        "LETHE_WEBHOOKS__ALLOW_PRIVATE": str(settings.webhooks.allow_private),
        "LETHE_SQL__URL": settings.sql.url.get_secret_value(),
        "LETHE_SQL__KEYRING_URL": settings.sql.keyring_url.get_secret_value(),
    }


def _shown(secret: SecretStr) -> str:
    return secret.get_secret_value()


def _provider_environment(settings: Settings) -> dict[str, str]:
    """The outside provider's section, as far as it differs from the defaults."""
    name = settings.embedding.provider
    section = getattr(settings, name, None)
    if not isinstance(section, ProviderSettings):
        return {}
    given = section.model_dump(exclude_defaults=True, exclude={"api_key"})
    environment = {f"LETHE_{name}__{field}".upper(): str(value) for field, value in given.items()}
    return environment | {f"LETHE_{name}__API_KEY".upper(): section.api_key.get_secret_value()}


class WorkerProcess:
    """`python -m workers run` as a child, with a failpoint or without."""

    def __init__(self, settings: Settings, failpoint: str) -> None:
        self.log = settings.state / "worker.log"
        self.metrics_port = reserved_ports(1)[0]
        environment = {
            **environment_of(settings),
            "LETHE_WORKER__METRICS_PORT": str(self.metrics_port),
        }
        if failpoint:
            # It will die, so what it began is waited for: how long is a setting of its own, and no part of the promise.
            environment |= {
                "LETHE_TESTING__FAILPOINT": failpoint,
                "LETHE_TEMPORAL__HEARTBEAT_SECONDS": "3",
                "LETHE_TEMPORAL__STICKY_SECONDS": "1",
            }
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "workers", "run"], env=environment, stdout=log, stderr=log
            )

    async def __aenter__(self) -> "WorkerProcess":
        return self

    async def __aexit__(self, *_: object) -> None:
        self.process.terminate()
        try:
            await asyncio.to_thread(self.process.wait, 90)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    async def killed(self, seconds: float = 180.0) -> None:
        """Wait until the failpoint has killed it."""
        code = await asyncio.to_thread(self.process.wait, seconds)
        assert code == FAILPOINT_EXIT, self.log.read_text()[-3000:]


@asynccontextmanager
async def installation(base: Settings, temporal: str, weaviate: WeaviateSettings) -> AsyncGenerator[Installation]:
    """A fresh tenant on migrated stores, in a Temporal namespace of its own. ``base`` names SQL and the state."""
    namespace = f"test-{new_id()}"
    settings = base.model_copy(
        update={
            "temporal": base.temporal.model_copy(update={"address": temporal, "namespace": namespace}),
            "weaviate": weaviate,
            "worker": WorkerSettings(niceness=0),
            "audit": base.audit.model_copy(update={"every_minutes": NEVER_MINUTES}),
            "retrieval": base.retrieval.model_copy(update={"embed_seconds": 15.0}),
        }
    )
    await _register(temporal, namespace)
    prepared = await bootstrap(settings)
    tenant_id = str(prepared["tenant_id"])
    async with open_stores(settings) as stores:
        client = await connect(settings, ensure_search_attributes)
        yield Installation(
            settings=settings,
            client=client,
            ledger=stores.ledger,
            keyring=stores.keyring,
            index=stores.index,
            keywords=stores.keywords,
            blobs=stores.blobs,
            embedder=stores.embedder,
            caller=Caller(tenant_id=tenant_id, principal_id=new_id(), role=Role.ADMIN),
        )


async def _register(address: str, namespace: str) -> None:
    client = await Client.connect(address)
    await client.workflow_service.register_namespace(
        RegisterNamespaceRequest(
            namespace=namespace,
            workflow_execution_retention_period=Duration(seconds=int(timedelta(days=3).total_seconds())),
        )
    )
    deadline = time.monotonic() + _USABLE_SECONDS
    while time.monotonic() < deadline:
        # A namespace is usable once the server's cache has it.
        try:
            other = await Client.connect(address, namespace=namespace)
            await other.count_workflows("")
            return
        except Exception:
            await asyncio.sleep(0.2)
    raise AssertionError(f"namespace {namespace} did not become usable")


async def once(data: bytes) -> AsyncIterator[bytes]:
    yield data
