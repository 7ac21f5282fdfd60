"""The positive control: something is planted in each store that is searched, and has to be found there first.

A verifier that finds nothing because it cannot see would otherwise certify anything.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import uuid4

import numpy as np

from lethe.errors import VerificationBlind
from lethe.model.blobs import BlobName, blob_key, blob_prefix
from lethe.model.ids import Id, new_id
from lethe.model.indexes import BuildKind, BuildState, IndexBuild, dims_of
from lethe.model.operations import IdempotencyRecord
from lethe.model.personal_data import ItemKind
from lethe.model.texts import TextPlace
from lethe.ports.blobs import BlobStore
from lethe.ports.clock import Clock
from lethe.ports.keyring import KeyRing
from lethe.ports.keywords import KeywordIndex
from lethe.ports.ledger import Ledger
from lethe.ports.vectors import ChunkIndex, HybridQuery, IndexObject, KeywordObject, VectorIndex
from lethe.privacy.erasure.needles import Needles
from lethe.privacy.identifiers import text_key
from lethe.privacy.sealing import Purpose, seal_json
from lethe.privacy.verification.scanning import TextScan

_KIND: Final = "other"


@dataclass(frozen=True, slots=True)
class _Marker:
    """What is planted: readable by nobody, of no document, gone again in a moment."""

    chunk_id: Id = field(default_factory=new_id)
    document_id: Id = field(default_factory=new_id)
    version_id: Id = field(default_factory=new_id)
    reader: Id = field(default_factory=new_id)
    word: str = field(default_factory=lambda: f"control{uuid4().hex}")


@dataclass(frozen=True, slots=True)
class Controls:
    """Each raises VerificationBlind if what it planted is not found, or does not go again."""

    ledger: Ledger
    keyring: KeyRing
    blobs: BlobStore
    index: VectorIndex
    keywords: KeywordIndex
    clock: Clock

    async def run(self, tenant_id: Id, builds: Sequence[IndexBuild]) -> int:
        """How many were planted and found."""
        await self._key(tenant_id)
        await self._blob(tenant_id)
        await self._row(tenant_id)
        active = [build for build in builds if build.state is BuildState.ACTIVE]
        for build in active:
            await (self._vector(build) if build.kind is BuildKind.VECTOR else self._keyword(build))
        return 3 + len(active)

    async def _key(self, tenant_id: Id) -> None:
        key_id = new_id()
        await self.keyring.create(tenant_id, key_id)
        found = await self.keyring.get_many(tenant_id, [key_id])
        await self.keyring.destroy(tenant_id, [key_id])
        _require("keys", is_found=key_id in found, is_gone=not await self.keyring.get_many(tenant_id, [key_id]))

    async def _blob(self, tenant_id: Id) -> None:
        owner = new_id()
        prefix = blob_prefix(tenant_id, owner)
        await self.blobs.write(blob_key(tenant_id, owner, BlobName.ORIGINAL), _bytes(b"control"))
        found = [key async for key in self.blobs.list(prefix)]
        await self.blobs.delete_prefix(prefix)
        _require("blobs", is_found=len(found) == 1, is_gone=not [key async for key in self.blobs.list(prefix)])

    async def _row(self, tenant_id: Id) -> None:
        """A sealed text in the ledger, found by opening and reading."""
        marker, key_id, now = _Marker(), new_id(), self.clock.now()
        key = await self.keyring.create(tenant_id, key_id)
        body = seal_json(key, Purpose.IDEMPOTENCY, {"control": marker.word})
        planted = IdempotencyRecord(tenant_id, marker.reader, marker.word, marker.word, 200, body, key_id, now, now)
        async with self.ledger.write() as uow:
            await uow.idempotency.claim(planted)
        needles = Needles(frozenset({(_KIND, text_key(_KIND, marker.word))}))
        scan = TextScan(self.ledger, self.keyring, tenant_id, needles)
        found = await scan.rows(TextPlace.RESPONSE)
        async with self.ledger.write() as uow:
            await uow.personal.forget_row(tenant_id, ItemKind.RESPONSE, key_id)
        await self.keyring.destroy(tenant_id, [key_id])
        again = await scan.rows(TextPlace.RESPONSE)
        _require("requests", is_found=key_id in found.refs, is_gone=key_id not in again.refs)

    async def _vector(self, build: IndexBuild) -> None:
        marker = _Marker()
        vector = np.zeros(dims_of(build.spec), np.float32)
        vector[0] = 1.0
        await self.index.upsert(build, [IndexObject(*_placed(marker), vector)])
        by_vector = HybridQuery(marker.word, vector, 1.0, 1, frozenset({marker.reader}))
        found = [
            [hit.chunk_id for hit in await self.index.search(build, query)] == [marker.chunk_id]
            for query in (_by_word(marker), by_vector)
        ]
        await self._end("vectors", self.index, build, marker, is_found=all(found))

    async def _keyword(self, build: IndexBuild) -> None:
        marker = _Marker()
        await self.keywords.write(build, [KeywordObject(*_placed(marker))])
        found = [hit.chunk_id for hit in await self.keywords.search(build, _by_word(marker))]
        await self._end("keywords", self.keywords, build, marker, is_found=found == [marker.chunk_id])

    async def _end(self, store: str, index: ChunkIndex, build: IndexBuild, marker: _Marker, *, is_found: bool) -> None:
        await index.delete_versions(build, [marker.version_id])
        _require(store, is_found=is_found, is_gone=not await index.present(build, [marker.chunk_id]))


def _placed(marker: _Marker) -> tuple[Id, Id, Id, int, str, tuple[Id, ...], tuple[str, ...]]:
    return marker.chunk_id, marker.document_id, marker.version_id, 0, marker.word, (marker.reader,), ()


def _by_word(marker: _Marker) -> HybridQuery:
    return HybridQuery(marker.word, None, 0.0, 1, frozenset({marker.reader}))


def _require(store: str, *, is_found: bool, is_gone: bool) -> None:
    if not (is_found and is_gone):
        raise VerificationBlind(store)


async def _bytes(data: bytes) -> AsyncIterator[bytes]:
    yield data
