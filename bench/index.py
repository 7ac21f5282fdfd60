"""The index of an installation, by the vendor's own client."""

import asyncio
from typing import Any

import weaviate
from weaviate import WeaviateAsyncClient
from weaviate.classes.init import Auth

from bench.installation import Installation
from lethe.settings import WeaviateSettings

Index = dict[str, tuple[float, ...]]
"""Vectors by chunk id."""


def index_client(settings: WeaviateSettings) -> WeaviateAsyncClient:
    """Connected by `async with`."""
    return weaviate.use_async_with_local(
        port=int(settings.url.rpartition(":")[2]),
        grpc_port=settings.grpc_port,
        auth_credentials=Auth.api_key(settings.api_key.get_secret_value()),
        skip_init_checks=True,
    )


def read_index(installation: Installation) -> Index:
    """Every object of every collection and tenant."""
    return asyncio.run(_read_index(installation.weaviate))


async def _read_index(settings: WeaviateSettings) -> Index:
    found: Index = {}
    async with index_client(settings) as client:
        for name, config in (await client.collections.list_all(simple=False)).items():
            collection = client.collections.get(name)
            if not config.multi_tenancy_config.enabled:
                continue
            for tenant in await collection.tenants.get():
                async for item in collection.with_tenant(tenant).iterator(include_vector=True):
                    vector: Any = item.vector["default"]
                    found[str(item.uuid)] = tuple(vector)
    return found
