"""What was erased, asked for by its ids: as each eraser reads back, and by a way that no eraser takes."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from lethe.errors import IndexBuildMissing
from lethe.model.blobs import blob_prefix
from lethe.model.ids import Id
from lethe.model.indexes import BuildKind, IndexBuild
from lethe.model.personal_data import ItemKind, StoreName
from lethe.ports.blobs import BlobStore
from lethe.ports.keyring import KeyRing
from lethe.ports.ledger import Ledger
from lethe.ports.personal_data import PersonalDataStore
from lethe.ports.vectors import ChunkIndex, Listed
from lethe.privacy.verification.findings import Erased, Findings

_BATCH: Final = 500
_PAGE: Final = 1_000

Each = TypeVar("Each")

STORE_OF: Final = {BuildKind.VECTOR: StoreName.VECTORS, BuildKind.KEYWORD: StoreName.KEYWORDS}


@dataclass(frozen=True, slots=True)
class Counting:
    ledger: Ledger
    keyring: KeyRing
    blobs: BlobStore
    indexes: Mapping[BuildKind, ChunkIndex]
    stores: Mapping[StoreName, PersonalDataStore]

    async def by_ids(self, tenant_id: Id, erased: Erased, found: Findings) -> None:
        """Rows, keys, blobs; and what each store says itself."""
        for name, items in erased.items.items():
            for some in _batches(items):
                found.probed(name, await self.stores[name].remaining(tenant_id, some), len(some))
        for some in _batches(erased.refs(ItemKind.VERSION)):
            async with self.ledger.read() as uow:
                rows = len(await uow.versions.get_many(tenant_id, some))
                rows += len(await uow.chunks.of_versions(tenant_id, some, 0, 1))
            found.probed(StoreName.DOCUMENTS, rows, len(some))
            found.probed(StoreName.BLOBS, await self._blobs(tenant_id, some), len(some))
        for some in _batches(erased.refs(ItemKind.DOCUMENT)):
            async with self.ledger.read() as uow:
                found.probed(StoreName.DOCUMENTS, len(await uow.documents.get_many(tenant_id, some)), len(some))
        for some in _batches(erased.refs(ItemKind.KEY) | erased.refs(ItemKind.VERSION)):
            found.probed(StoreName.KEYS, len(await self.keyring.get_many(tenant_id, some)), len(some))

    async def _blobs(self, tenant_id: Id, version_ids: Sequence[Id]) -> int:
        return sum([1 for each in version_ids async for _ in self.blobs.list(blob_prefix(tenant_id, each))])

    async def builds(
        self, builds: Sequence[IndexBuild], erased: Erased, deleted_at: datetime | None, found: Findings
    ) -> frozenset[Id]:
        """Every object of every build, listed. A build that is older than the deletion still has the bytes.

        Returns everybody who may read something in them.
        """
        versions, chunks, readers = erased.refs(ItemKind.VERSION), erased.refs(ItemKind.CHUNK), set[Id]()
        for build in builds:
            store = STORE_OF[build.kind]
            is_old = deleted_at is not None and bool(versions) and build.created_at < deleted_at
            found.probed(store, int(is_old))
            async for each in self._listed(build):
                readers.update(each.readers)
                found.probed(store, int(each.version_id in versions or each.chunk_id in chunks))
        return frozenset(readers)

    async def _listed(self, build: IndexBuild) -> AsyncIterator[Listed]:
        after: Id | None = None
        while True:
            try:
                page = await self.indexes[build.kind].page(build, after, _PAGE)
            except IndexBuildMissing:
                return
            for each in page:
                yield each
            if len(page) < _PAGE:
                return
            after = page[-1].chunk_id


def _batches(items: Iterable[Each]) -> list[list[Each]]:
    listed = list(items)
    return [listed[start : start + _BATCH] for start in range(0, len(listed), _BATCH)]
