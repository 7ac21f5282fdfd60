"""One client per process, connected at first use, so that a process starts while Weaviate is down."""

import asyncio
import logging
from contextlib import suppress
from typing import Final

import grpc
import httpx
from weaviate import WeaviateAsyncClient
from weaviate.classes.init import AdditionalConfig, Auth, Timeout
from weaviate.config import GrpcConfig
from weaviate.connect import ConnectionParams
from weaviate.exceptions import UnexpectedStatusCodeError, WeaviateBaseError, WeaviateQueryError

from lethe.adapters.weaviate.schema import STAMP_COLLECTION, create_stamp
from lethe.errors import EnvironmentMismatch
from lethe.settings import Environment, WeaviateSettings

REFUSALS: Final = (WeaviateQueryError, UnexpectedStatusCodeError)
"""The store answered, and the answer is no; over gRPC also: it did not answer."""
FAILURES: Final = (WeaviateBaseError, httpx.HTTPError, grpc.RpcError, TimeoutError)
"""Everything the client raises, timeouts included."""

_CHANNEL: Final = [
    # gRPC waits up to two minutes between attempts to reconnect; a restarted server is to be found at once.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    # The address is the address: as for HTTP, no proxy is taken from the environment.
    ("grpc.enable_http_proxy", 0),
]

# The client logs refused objects whole, their words with them; a refusal is an error of ours with a count.
logging.getLogger("weaviate-client").setLevel(logging.CRITICAL)


class Connection:
    """Connects, and checks that the store carries this environment's stamp before anything is read or written."""

    def __init__(self, settings: WeaviateSettings, environment: Environment) -> None:
        self._settings = settings
        self._environment = environment
        self._client: WeaviateAsyncClient | None = None
        self._is_stamped = False
        self._lock = asyncio.Lock()

    async def client(self) -> WeaviateAsyncClient:
        """The connected client. Raises one of FAILURES, or EnvironmentMismatch."""
        async with self._lock:
            client = self._client or await self._connect()
            self._client = client
            if not self._is_stamped:
                self._is_stamped = await self._check_stamp(client)
            return client

    async def stamped_client(self) -> WeaviateAsyncClient:
        """The connected client of a store that carries the stamp, given to it now if it has none."""
        client = await self.client()
        if not self._is_stamped:
            # A refusal: another process was first, and it may be one of another environment.
            with suppress(UnexpectedStatusCodeError):
                await create_stamp(client, self._environment)
            self._is_stamped = await self._check_stamp(client)
        return client

    async def close(self) -> None:
        async with self._lock:
            client, self._client = self._client, None
            if client is not None:
                await client.close()

    async def _connect(self) -> WeaviateAsyncClient:
        settings = self._settings
        key = settings.api_key.get_secret_value()
        client = WeaviateAsyncClient(
            _address(settings),
            auth_client_secret=Auth.api_key(key) if key else None,
            additional_config=AdditionalConfig(
                # A search has its own, shorter limit around the call.
                timeout=Timeout(
                    query=settings.write_timeout_seconds,
                    insert=settings.write_timeout_seconds,
                    init=settings.timeout_seconds,
                ),
                grpc_config=GrpcConfig(channel_options=_CHANNEL),
            ),
            # The checks ask a package index for the newest client, which tells a third party that we run.
            skip_init_checks=True,
        )
        try:
            await client.connect()
        except BaseException:
            await client.close()
            raise
        return client

    async def _check_stamp(self, client: WeaviateAsyncClient) -> bool:
        if not await client.collections.exists(STAMP_COLLECTION):
            return False
        stamp = (await client.collections.use(STAMP_COLLECTION).config.get()).description
        if stamp != self._environment:
            raise EnvironmentMismatch(f"Weaviate is stamped {stamp!r}, this process is {self._environment.value!r}")
        return True


def _address(settings: WeaviateSettings) -> ConnectionParams:
    """TLS for both protocols if the URL says https."""
    both = ConnectionParams.from_url(settings.url, settings.grpc_port)
    if not settings.grpc_host:
        return both
    return ConnectionParams(http=both.http, grpc=both.grpc.model_copy(update={"host": settings.grpc_host}))
