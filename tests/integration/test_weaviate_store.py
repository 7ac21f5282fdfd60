"""What only a real store does: outages, restarts, stamps, wrong keys, per-call limits, and what it keeps of a text."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import numpy as np
import pytest
from pydantic import SecretStr

from cli.stack.weaviate import ensure_binary
from lethe.adapters.weaviate import WeaviateIndex
from lethe.adapters.weaviate.connection import Connection
from lethe.errors import EnvironmentMismatch, IndexParametersRefused, IndexUnavailable, IndexWriteFailed
from lethe.model.ids import new_id
from lethe.model.index_parameters import IndexParameters
from lethe.settings import Environment, Settings, WeaviateSettings
from tests.contract.vector_index import DIMS, Shelf, make_build
from tests.servers.weaviate import weaviate_server_at

SEARCH_LIMIT_SECONDS = 2.0


@asynccontextmanager
async def index_at(
    weaviate: WeaviateSettings, environment: Environment = Environment.DEVELOPMENT
) -> AsyncGenerator[WeaviateIndex, None]:
    index = WeaviateIndex.from_settings(Settings(weaviate=weaviate, environment=environment))
    yield index
    await index.close()


async def test_a_process_starts_before_the_store_and_outlives_its_restart() -> None:
    with weaviate_server_at(ensure_binary(Settings().cache, print)) as server:
        settings = server.settings.model_copy(update={"timeout_seconds": SEARCH_LIMIT_SECONDS})
        async with index_at(settings) as index:
            shelf = Shelf(index, make_build(new_id()))
            assert not await index.ready()
            with pytest.raises(IndexUnavailable):
                await index.create_build(shelf.build, DIMS)

            server.start()
            await index.create_build(shelf.build, DIMS)
            objects = await shelf.put(["lift"])

            server.kill()
            started = time.monotonic()
            with pytest.raises(IndexUnavailable):
                await shelf.ask("lift")
            assert time.monotonic() - started < 2 * SEARCH_LIMIT_SECONDS + 1
            assert not await index.ready()

            server.start()
            assert await shelf.ask("lift") == [objects[0].chunk_id]


async def test_another_environments_store_is_refused(weaviate: WeaviateSettings) -> None:
    build = make_build(new_id())
    async with index_at(weaviate) as index:
        await index.create_build(build, DIMS)
    async with index_at(weaviate, Environment.STAGING) as index:
        shelf = Shelf(index, build)
        with pytest.raises(EnvironmentMismatch):
            await shelf.ask("lift")
        with pytest.raises(EnvironmentMismatch):
            await index.create_build(build, DIMS)
        with pytest.raises(EnvironmentMismatch):
            await index.drop_build(build)


async def test_a_wrong_key_reaches_nothing(weaviate: WeaviateSettings) -> None:
    for key in ("", "wrong"):
        async with index_at(weaviate.model_copy(update={"api_key": SecretStr(key)})) as index:
            with pytest.raises(IndexUnavailable):
                await index.create_build(make_build(new_id()), DIMS)


async def test_two_processes_may_make_the_same_build_at_once(weaviate: WeaviateSettings) -> None:
    build = make_build(new_id(), spec=f"race/{new_id()}")
    async with index_at(weaviate) as one, index_at(weaviate) as other:
        await asyncio.gather(*(index.create_build(build, DIMS) for index in (one, other) for _ in range(3)))
        objects = await Shelf(one, build).put(["lift"])
        assert await Shelf(other, build).ask("lift") == [objects[0].chunk_id]


@pytest.mark.slow
async def test_a_version_beyond_the_limit_of_one_call_is_deleted_whole(weaviate: WeaviateSettings) -> None:
    async with index_at(weaviate) as index:
        shelf = Shelf(index, make_build(new_id()))
        await index.create_build(shelf.build, DIMS)
        vectors = np.random.default_rng(1).normal(size=(10_100, DIMS)).astype(np.float32)
        written = shelf.objects(["lift"] * len(vectors))
        objects = [replace(item, vector=vector) for item, vector in zip(written, vectors, strict=True)]
        await index.upsert(shelf.build, objects)
        assert len(await index.chunk_ids(shelf.build, objects[0].version_id)) == len(objects)
        assert await index.delete_versions(shelf.build, [objects[0].version_id]) == len(objects)
        assert [found async for found in index.all_chunk_ids(shelf.build)] == []


async def test_a_refused_object_is_not_logged(weaviate: WeaviateSettings, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with index_at(weaviate) as index:
        shelf = Shelf(index, make_build(new_id()))
        await index.create_build(shelf.build, DIMS)
        await shelf.put(["lift"])
        bad = [replace(item, vector=np.ones(3, np.float32)) for item in shelf.objects(["canaryword"] * 2)]
        for objects in (bad, [*shelf.objects(["drag"]), *bad]):
            with pytest.raises(IndexWriteFailed) as failure:
                await index.upsert(shelf.build, objects)
            assert "canaryword" not in f"{failure.value!r} {failure.value.__cause__!r}"
    assert "canaryword" not in caplog.text


@pytest.mark.allow_hosts(["127.0.0.1"])
async def test_nobody_else_is_called(weaviate: WeaviateSettings) -> None:
    async with index_at(weaviate) as index:
        assert await index.ready()


async def test_words_are_in_one_property_and_nothing_is_made_by_accident(weaviate: WeaviateSettings) -> None:
    build = make_build(new_id())
    async with index_at(weaviate) as index:
        await index.create_build(build, DIMS)
    async with httpx.AsyncClient(
        base_url=weaviate.url, headers={"authorization": f"Bearer {weaviate.api_key.get_secret_value()}"}
    ) as client:
        schema = (await client.get(f"/v1/schema/{build.collection}")).json()
    assert [item["name"] for item in schema["properties"] if item["indexSearchable"]] == ["terms"]
    assert {item["name"] for item in schema["properties"]} == {
        "terms", "document_id", "version_id", "ordinal", "readers", "attributes"
    }  # fmt: skip
    assert schema["multiTenancyConfig"] == {
        "enabled": True, "autoTenantCreation": False, "autoTenantActivation": False
    }  # fmt: skip
    assert schema["invertedIndexConfig"]["stopwords"]["preset"] == "none"


async def test_parameters_that_the_store_refuses_are_not_tried_for_ever(weaviate: WeaviateSettings) -> None:
    """One node holds no two copies."""
    copies = IndexParameters(replicas=3).key
    build = replace(make_build(new_id()), collection="RefusedOfMigrations", parameters=copies)
    async with index_at(weaviate) as index:
        with pytest.raises(IndexParametersRefused):
            await index.create_build(build, DIMS)
        assert not await index.exists(build)


async def test_a_collection_of_a_migration_goes_with_the_last_build_in_it(weaviate: WeaviateSettings) -> None:
    one, other = (
        replace(make_build(new_id()), collection="KeptOtherwise", parameters=IndexParameters(ef=64).key)
        for _ in range(2)
    )
    async with index_at(weaviate) as index:
        for build in (one, other):
            await index.create_build(build, DIMS)
        await index.drop_build(one)
        assert await index.exists(other)
        assert await collections(weaviate) >= {"KeptOtherwise"}
        await index.drop_build(other)
        await index.drop_build(other)
        assert "KeptOtherwise" not in await collections(weaviate)
        await index.create_build(one, DIMS)
        assert await index.exists(one)
        await index.drop_build(one)


async def collections(weaviate: WeaviateSettings) -> set[str]:
    connection = Connection(weaviate, Environment.DEVELOPMENT)
    try:
        return set(await (await connection.client()).collections.list_all())
    finally:
        await connection.close()
