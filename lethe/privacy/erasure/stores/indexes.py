"""Index builds, vector and keyword, in every state: a build that serves nobody holds the same words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lethe.errors import IndexBuildMissing
from lethe.model.erasures import ErasureMethod, PurgeState
from lethe.model.ids import Id
from lethe.model.indexes import BuildKind, IndexBuild
from lethe.model.personal_data import Item, ItemKind, StoreName, Trace
from lethe.ports.ledger import Ledger
from lethe.ports.personal_data import Located, Rebuilder
from lethe.ports.vectors import ChunkIndex
from lethe.privacy.erasure.stores.base import batches, items_of, refs_of

BATCH: Final = 500

_NAMES: Final = {BuildKind.VECTOR: StoreName.VECTORS, BuildKind.KEYWORD: StoreName.KEYWORDS}


@dataclass(frozen=True, slots=True)
class IndexStore:
    """Deleted by version, read back by the ids of the chunks; the bytes go when the tenant's build is made anew."""

    ledger: Ledger
    index: ChunkIndex
    kind: BuildKind
    rebuilder: Rebuilder
    method = ErasureMethod.REBUILT

    @property
    def name(self) -> StoreName:
        return _NAMES[self.kind]

    async def locate(self, tenant_id: Id, trace: Trace) -> Located:
        async with self.ledger.read() as uow:
            chunks = await uow.personal.chunks_of(tenant_id, trace.versions)
        return Located(
            items_of(self.name, ItemKind.VERSION, trace.versions) + items_of(self.name, ItemKind.CHUNK, chunks)
        )

    async def erase(self, tenant_id: Id, items: Sequence[Item]) -> None:
        versions = refs_of(items, ItemKind.VERSION)
        for build in await self._builds(tenant_id):
            for some in batches(versions, BATCH):
                await self.index.delete_versions(build, some)

    async def remaining(self, tenant_id: Id, items: Sequence[Item]) -> int:
        chunks = refs_of(items, ItemKind.CHUNK)
        found = 0
        for build in await self._builds(tenant_id):
            try:
                for some in batches(chunks, BATCH):
                    found += len(await self.index.present(build, some))
            except IndexBuildMissing:
                continue
        return found

    async def purge(self, tenant_id: Id, since: datetime) -> PurgeState:
        is_over = await self.rebuilder.rebuild(tenant_id, self.kind, since)
        return PurgeState.PURGED if is_over else PurgeState.PENDING

    def horizon(self, as_of: datetime) -> datetime | None:
        return None

    async def _builds(self, tenant_id: Id) -> list[IndexBuild]:
        async with self.ledger.read() as uow:
            return [build for build in await uow.builds.list(tenant_id) if build.kind is self.kind]
