"""Writing chunks again, to each kind of build."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lethe.indexing.objects import index_object, keyword_object, version_attributes
from lethe.model.documents import Chunk, ChunkVector, Version
from lethe.model.ids import Id
from lethe.model.indexes import IndexBuild
from lethe.ports.keywords import KeywordIndex
from lethe.ports.ledger import Ledger
from lethe.ports.vectors import IndexObject, KeywordObject, VectorIndex
from lethe.privacy.sealing import unseal_vector


class VectorMaker(Protocol):
    """Whoever can embed, for chunks whose vectors the ledger has lost too."""

    async def make(self, tenant_id: Id, spec: str, chunks: Sequence[Chunk], build_id: Id | None = None) -> None:
        """Store a vector of the spec for each of the chunks that an embedder of it gives one for.

        What nobody may find now (restricted, in quarantine, about somebody who is being erased) is not sent, nor what
        the model refused before. ``build_id``: for whose sake, so that what it costs is known of the build.
        """
        ...

    async def withheld(self, tenant_id: Id, spec: str, chunk_ids: Collection[Id]) -> frozenset[Id]:
        """Those of the chunks whose texts `make` does not send."""
        ...

    async def anew(
        self, tenant_id: Id, spec: str, chunks: Sequence[Chunk], build_id: Id | None = None
    ) -> Mapping[Id, NDArray[np.float32]]:
        """As the model embeds them now, by the chunk's id; nothing is looked up and nothing stored.

        Raises EmbedderUnavailable and what else the embedder raises.
        """
        ...


@dataclass(frozen=True, slots=True)
class VectorFiller:
    """With the vectors the ledger keeps."""

    ledger: Ledger
    index: VectorIndex
    maker: VectorMaker

    async def withheld(self, build: IndexBuild, chunk_ids: Collection[Id]) -> frozenset[Id]:
        return await self.maker.withheld(build.tenant_id, build.spec, chunk_ids)

    async def write(
        self, build: IndexBuild, chunks: Sequence[Chunk], versions: Mapping[Id, Version], keys: Mapping[Id, bytes]
    ) -> set[Id]:
        vectors = await self._vectors(build, chunks)

        def opened() -> list[IndexObject]:
            filters = _filters(chunks, versions, keys)
            return [
                index_object(
                    keys[chunk.version_id],
                    versions[chunk.version_id],
                    chunk,
                    unseal_vector(keys[chunk.version_id], vectors[chunk.id].sealed_vector),
                    filters[chunk.version_id],
                )
                for chunk in chunks
                if chunk.version_id in filters and chunk.id in vectors
            ]

        objects = await asyncio.to_thread(opened)
        if objects:
            await self.index.upsert(build, objects)
        return {item.chunk_id for item in objects}

    async def _vectors(self, build: IndexBuild, chunks: Sequence[Chunk]) -> dict[Id, ChunkVector]:
        tenant_id, ids = build.tenant_id, [chunk.id for chunk in chunks]
        async with self.ledger.read() as uow:
            found = await uow.chunks.vectors_by_id(tenant_id, build.spec, ids)
        lost = [chunk for chunk in chunks if chunk.id not in found]
        if not lost:
            return found
        await self.maker.make(tenant_id, build.spec, lost, build.id)
        async with self.ledger.read() as uow:
            return await uow.chunks.vectors_by_id(tenant_id, build.spec, ids)


@dataclass(frozen=True, slots=True)
class KeywordFiller:
    """With the words of the text."""

    index: KeywordIndex

    async def withheld(self, build: IndexBuild, chunk_ids: Collection[Id]) -> frozenset[Id]:
        return frozenset()

    async def write(
        self, build: IndexBuild, chunks: Sequence[Chunk], versions: Mapping[Id, Version], keys: Mapping[Id, bytes]
    ) -> set[Id]:

        def opened() -> list[KeywordObject]:
            filters = _filters(chunks, versions, keys)
            return [
                keyword_object(keys[each], versions[each], chunk, filters[each])
                for chunk in chunks
                if (each := chunk.version_id) in filters
            ]

        objects = await asyncio.to_thread(opened)
        await self.index.write(build, objects)
        return {item.chunk_id for item in objects}


def _filters(
    chunks: Sequence[Chunk], versions: Mapping[Id, Version], keys: Mapping[Id, bytes]
) -> dict[Id, tuple[str, ...]]:
    """The attributes of the chunks' versions, opened once for each; of those that are there and have a key."""
    wanted = {chunk.version_id for chunk in chunks}
    return {each: version_attributes(keys[each], versions[each]) for each in wanted & versions.keys() & keys.keys()}
