"""ports.vectors.VectorIndex on Weaviate: a collection per spec, a tenant of it per build."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

import numpy as np
from numpy.typing import NDArray
from weaviate import WeaviateAsyncClient
from weaviate.classes.query import Filter, Sort
from weaviate.collections.classes.types import WeaviateField
from weaviate.exceptions import UnexpectedStatusCodeError, WeaviateInsertManyAllFailedError

from lethe.adapters.weaviate.connection import FAILURES, REFUSALS, Connection
from lethe.adapters.weaviate.objects import PAGE, QUERY_LIMIT, batches, data_object, grouped, listed
from lethe.adapters.weaviate.schema import Field, create_collection
from lethe.adapters.weaviate.search import Objects, run_search
from lethe.errors import IndexBuildMissing, IndexParametersRefused, IndexUnavailable, IndexWriteFailed
from lethe.model.ids import Id
from lethe.model.index_parameters import IndexParameters
from lethe.model.indexes import IndexBuild
from lethe.ports.vectors import Hit, HybridQuery, IndexObject, Listed
from lethe.settings import Settings

WRITE_BATCH: Final = 150
WRITES_IN_FLIGHT: Final = 2
PATCHES_IN_FLIGHT: Final = 8
VECTORS: Final = 200
"""Objects read at a time with their vectors, of several kilobytes each."""
VERSIONS_PER_DELETE: Final = 100
_INVALID: Final = 422
_LISTED: Final = [Field.VERSION, Field.READERS, Field.ATTRIBUTES]


class WeaviateIndex:
    """Safe to share between the tasks of one event loop. Make it with ``from_settings``."""

    def __init__(self, connection: Connection, *, search_seconds: float, write_seconds: float) -> None:
        self._connection = connection
        self._search_seconds = search_seconds
        self._write_seconds = write_seconds
        self._writes = asyncio.Semaphore(WRITES_IN_FLIGHT)
        self._patches = asyncio.Semaphore(PATCHES_IN_FLIGHT)

    @classmethod
    def from_settings(cls, settings: Settings) -> "WeaviateIndex":
        """Connects at first use, not here."""
        return cls(
            Connection(settings.weaviate, settings.environment),
            search_seconds=settings.weaviate.timeout_seconds,
            write_seconds=settings.weaviate.write_timeout_seconds,
        )

    async def create_build(self, build: IndexBuild, dims: int) -> None:
        """Weaviate learns ``dims`` from a shard's first vector; they are part of the spec, so of the collection."""
        try:
            async with asyncio.timeout(self._write_seconds):
                client = await self._connection.stamped_client()
                collection, parameters = client.collections.use(build.collection), IndexParameters.of(build.parameters)
                await _ensure(collection.exists, lambda: _create(client, build.collection, parameters))
                tenants, name = collection.tenants, build.physical_tenant
                await _ensure(lambda: tenants.exists(name), lambda: tenants.create(name))
        except FAILURES as error:
            raise IndexUnavailable(type(error).__name__) from None

    async def exists(self, build: IndexBuild) -> bool:
        try:
            async with asyncio.timeout(self._write_seconds):
                client = await self._connection.client()
                collection = client.collections.use(build.collection)
                return await collection.exists() and await collection.tenants.exists(build.physical_tenant)
        except FAILURES as error:
            raise IndexUnavailable(type(error).__name__) from None

    async def drop_build(self, build: IndexBuild) -> None:
        try:
            async with asyncio.timeout(self._write_seconds):
                client = await self._connection.client()
                collection = client.collections.use(build.collection)
                if await collection.exists():
                    await collection.tenants.remove(build.physical_tenant)
                    # One of a migration's own kind; what another one makes in it just now is filled again.
                    if build.parameters and not await collection.tenants.get():
                        await client.collections.delete(build.collection)
        except FAILURES as error:
            raise IndexUnavailable(type(error).__name__) from None

    async def upsert(self, build: IndexBuild, objects: Sequence[IndexObject]) -> None:
        batches = [objects[start : start + WRITE_BATCH] for start in range(0, len(objects), WRITE_BATCH)]
        # All batches end before an error is raised: none may write on behind the back of a retry.
        results = await asyncio.gather(*(self._write(build, batch) for batch in batches), return_exceptions=True)
        for result in results:
            if result is not None:
                raise result

    async def chunk_ids(self, build: IndexBuild, version_id: Id) -> frozenset[Id]:
        found: set[Id] = set()
        last = -1
        while True:
            # Pages by ordinal: a store refuses an offset past its query limit.
            page = Filter.by_property(Field.VERSION).equal(version_id) & Filter.by_property(Field.ORDINAL).greater_than(
                last
            )
            async with self._tenant(build, self._write_seconds) as collection:
                result = await collection.query.fetch_objects(
                    filters=page,
                    sort=Sort.by_property(Field.ORDINAL),
                    limit=PAGE,
                    return_properties=[Field.ORDINAL],
                )
            found.update(str(item.uuid) for item in result.objects)
            if len(result.objects) < PAGE:
                return frozenset(found)
            last = int(result.objects[-1].properties["ordinal"])

    async def chunk_ids_of(self, build: IndexBuild, counts: Mapping[Id, int]) -> dict[Id, frozenset[Id]]:
        found: dict[Id, set[Id]] = {version_id: set() for version_id in counts}
        for group in grouped(counts):
            async with self._tenant(build, self._write_seconds) as collection:
                result = await collection.query.fetch_objects(
                    filters=Filter.by_property(Field.VERSION).contains_any(group),
                    limit=QUERY_LIMIT,
                    return_properties=[Field.VERSION],
                )
            for item in result.objects:
                found[str(item.properties["version_id"])].add(str(item.uuid))
        return {version_id: frozenset(ids) for version_id, ids in found.items()}

    async def update_properties(
        self, build: IndexBuild, version_id: Id, readers: tuple[Id, ...], attributes: tuple[str, ...]
    ) -> int:
        ids = await self.chunk_ids(build, version_id)
        changed: dict[str, WeaviateField] = {Field.READERS: list(readers), Field.ATTRIBUTES: list(attributes)}
        results = await asyncio.gather(
            *(self._patch(build, chunk_id, changed) for chunk_id in ids), return_exceptions=True
        )
        for result in results:
            if result is not None:
                raise result
        return len(ids)

    async def delete_versions(self, build: IndexBuild, version_ids: Collection[Id]) -> int:
        ordered = sorted(version_ids)
        deleted = 0
        try:
            for start in range(0, len(ordered), VERSIONS_PER_DELETE):
                deleted += await self._delete(build, ordered[start : start + VERSIONS_PER_DELETE])
        except IndexBuildMissing:
            return deleted
        return deleted

    async def search(self, build: IndexBuild, query: HybridQuery) -> list[Hit]:
        async with self._tenant(build, self._search_seconds) as collection:
            return await run_search(collection, query)

    async def all_chunk_ids(self, build: IndexBuild) -> AsyncIterator[Id]:
        last = None
        while True:
            async with self._tenant(build, self._write_seconds) as collection:
                page = await collection.query.fetch_objects(limit=PAGE, after=last, return_properties=[])
            for item in page.objects:
                yield str(item.uuid)
            if not page.objects:
                return
            last = page.objects[-1].uuid

    async def page(self, build: IndexBuild, after: Id | None, limit: int) -> list[Listed]:
        """By the store's cursor, which walks its objects by id: what a search would not find is listed too."""
        async with self._tenant(build, self._write_seconds) as collection:
            found = await collection.query.fetch_objects(limit=limit, after=after, return_properties=_LISTED)
        return [listed(item) for item in found.objects]

    async def present(self, build: IndexBuild, chunk_ids: Collection[Id]) -> frozenset[Id]:
        found: set[Id] = set()
        for ids in batches(chunk_ids):
            async with self._tenant(build, self._write_seconds) as collection:
                result = await collection.query.fetch_objects_by_ids(ids, limit=len(ids), return_properties=[])
            found.update(str(item.uuid) for item in result.objects)
        return frozenset(found)

    async def vectors(self, build: IndexBuild, chunk_ids: Collection[Id]) -> dict[Id, NDArray[np.float32]]:
        found: dict[Id, NDArray[np.float32]] = {}
        for ids in batches(chunk_ids, VECTORS):
            async with self._tenant(build, self._write_seconds) as collection:
                result = await collection.query.fetch_objects_by_ids(
                    ids, limit=len(ids), return_properties=[], include_vector=True
                )
            found.update({str(item.uuid): np.asarray(item.vector["default"], np.float32) for item in result.objects})
        return found

    async def delete_objects(self, build: IndexBuild, chunk_ids: Collection[Id]) -> int:
        deleted = 0
        for ids in batches(chunk_ids):
            async with self._tenant(build, self._write_seconds) as collection:
                result = await collection.data.delete_many(where=Filter.by_id().contains_any(ids))
            if result.failed:
                raise IndexWriteFailed(f"{result.failed} of {result.matches} objects were not deleted")
            deleted += result.successful
        return deleted

    async def ready(self) -> bool:
        try:
            async with asyncio.timeout(self._search_seconds):
                return await (await self._connection.client()).is_ready()
        except FAILURES:
            return False

    async def close(self) -> None:
        await self._connection.close()

    async def _write(self, build: IndexBuild, objects: Sequence[IndexObject]) -> None:
        async with self._writes, self._tenant(build, self._write_seconds) as collection:
            try:
                result = await collection.data.insert_many([data_object(item) for item in objects])
            except WeaviateInsertManyAllFailedError:
                if await self._is_missing(build):
                    raise IndexBuildMissing from None
                # The client's message quotes the objects.
                raise IndexWriteFailed(f"all of {len(objects)} objects were refused") from None
            if result.has_errors:
                raise IndexWriteFailed(f"{len(result.errors)} of {len(objects)} objects were refused")

    async def _patch(self, build: IndexBuild, chunk_id: Id, changed: dict[str, WeaviateField]) -> None:
        async with self._patches, self._tenant(build, self._write_seconds) as collection:
            await collection.data.update(chunk_id, properties=changed)

    async def _delete(self, build: IndexBuild, version_ids: list[Id]) -> int:
        deleted = 0
        while True:
            async with self._tenant(build, self._write_seconds) as collection:
                result = await collection.data.delete_many(
                    where=Filter.by_property(Field.VERSION).contains_any(version_ids)
                )
            if result.failed:
                raise IndexWriteFailed(f"{result.failed} of {result.matches} objects were not deleted")
            if not result.matches:
                return deleted
            deleted += result.successful

    @asynccontextmanager
    async def _tenant(self, build: IndexBuild, seconds: float) -> AsyncGenerator[Objects, None]:
        """The build's objects. Raises IndexBuildMissing if it is gone, IndexUnavailable for everything else."""
        try:
            async with asyncio.timeout(seconds):
                client = await self._connection.client()
                yield client.collections.use(build.collection).with_tenant(build.physical_tenant)
        except FAILURES as error:
            if isinstance(error, REFUSALS) and await self._is_missing(build):
                raise IndexBuildMissing from None
            raise IndexUnavailable(type(error).__name__) from None

    async def _is_missing(self, build: IndexBuild) -> bool:
        """Whether the store says that the build is not there; no when it says nothing."""
        try:
            async with asyncio.timeout(self._search_seconds):
                client = await self._connection.client()
                collection = client.collections.use(build.collection)
                return not await collection.exists() or not await collection.tenants.exists(build.physical_tenant)
        except FAILURES:
            return False


async def _create(client: WeaviateAsyncClient, name: str, parameters: IndexParameters) -> None:
    """Raises IndexParametersRefused for any but the store's own."""
    try:
        await create_collection(client, name, parameters)
    except UnexpectedStatusCodeError as error:
        if error.status_code != _INVALID or parameters == IndexParameters() or await client.collections.exists(name):
            raise
        raise IndexParametersRefused from None


async def _ensure(exists: Callable[[], Awaitable[bool]], create: Callable[[], Awaitable[None]]) -> None:
    """Create what is not there; that another process was first is no error."""
    if await exists():
        return
    try:
        await create()
    except UnexpectedStatusCodeError:
        if not await exists():
            raise
