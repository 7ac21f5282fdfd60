"""Originals and parsed texts, with what an upload or a parse left half written."""

from collections.abc import Sequence
from dataclasses import dataclass

from lethe.model.blobs import blob_prefix
from lethe.model.ids import Id
from lethe.model.personal_data import Item, ItemKind, StoreName, Trace
from lethe.ports.blobs import BlobStore
from lethe.ports.personal_data import Located
from lethe.privacy.erasure.stores.base import Deleting, items_of, refs_of


@dataclass(frozen=True, slots=True)
class BlobEraser(Deleting):
    """Everything below a version's prefix."""

    blobs: BlobStore
    name = StoreName.BLOBS

    async def locate(self, tenant_id: Id, trace: Trace) -> Located:
        return Located(items_of(self.name, ItemKind.VERSION, trace.versions))

    async def erase(self, tenant_id: Id, items: Sequence[Item]) -> None:
        for version_id in refs_of(items, ItemKind.VERSION):
            await self.blobs.delete_prefix(blob_prefix(tenant_id, version_id))

    async def remaining(self, tenant_id: Id, items: Sequence[Item]) -> int:
        return sum(
            [
                await self.blobs.leftovers(blob_prefix(tenant_id, version_id))
                for version_id in refs_of(items, ItemKind.VERSION)
            ]
        )
