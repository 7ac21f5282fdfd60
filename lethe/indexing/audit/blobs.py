"""Blobs of versions against the ledger's versions."""

from collections.abc import AsyncGenerator, AsyncIterator, Collection
from dataclasses import dataclass
from typing import Final

from lethe.contracts.audit import AuditTally
from lethe.model.ids import Id, is_id
from lethe.ports.blobs import BlobStore
from lethe.ports.ledger import Ledger

ORIGINAL: Final = "original"
NAMES: Final = frozenset({ORIGINAL, "elements"})
"""Blobs that belong to a version; others below a tenant's prefix are somebody else's, and left alone."""


@dataclass(frozen=True, slots=True)
class BlobAudit:
    """A blob of a version that has no row is an orphan; a served version without its original is a hole.

    A hole is told, not repaired: the bytes are nowhere else, and the version is served without them.
    """

    ledger: Ledger
    blobs: BlobStore
    tenant_id: Id
    page: int

    async def run(self) -> AuditTally:
        """Walk both sides in order of the versions' ids."""
        tally, absent = AuditTally(), list[Id]()
        served = self._served()
        version_id = await anext(served, None)
        async for names in self._pages():
            last = max(names)
            while version_id is not None and version_id <= last:
                tally = tally.plus(AuditTally(expected=1))
                if _original(self.tenant_id, version_id) not in names.get(version_id, ()):
                    absent.append(version_id)
                version_id = await anext(served, None)
            orphans = await self._remove(names)
            found = sum(map(len, names.values()))
            tally = tally.plus(AuditTally(found=found, orphans=orphans, repaired=orphans))
        while version_id is not None:
            tally = tally.plus(AuditTally(expected=1))
            absent.append(version_id)
            version_id = await anext(served, None)
        return tally.plus(AuditTally(holes=await self._lost(absent)))

    async def _served(self) -> AsyncGenerator[Id]:
        after: Id | None = None
        while True:
            async with self.ledger.read() as uow:
                page = await uow.audits.served_versions_after(self.tenant_id, after, self.page)
            for version_id in page:
                yield version_id
            if len(page) < self.page:
                return
            after = page[-1]

    async def _pages(self) -> AsyncIterator[dict[Id, list[str]]]:
        """Keys of blobs by version, in pages."""
        held: dict[Id, list[str]] = {}
        async for key in self.blobs.list(self.tenant_id):
            _, version_id, *rest = key.split("/")
            if len(rest) != 1 or rest[0] not in NAMES or not is_id(version_id):
                continue
            if len(held) == self.page and version_id not in held:
                yield held
                held = {}
            held.setdefault(version_id, []).append(key)
        if held:
            yield held

    async def _remove(self, names: dict[Id, list[str]]) -> int:
        """The blobs were seen before this look: a version without a row by now has none for ever."""
        async with self.ledger.read() as uow:
            known = await uow.versions.get_many(self.tenant_id, names)
        removed = 0
        for version_id in names.keys() - known.keys():
            for key in names[version_id]:
                removed += await self.blobs.delete_prefix(key)
        return removed

    async def _lost(self, absent: Collection[Id]) -> int:
        """Those of the versions that have no original at a second look, and are served at a third."""
        gone = [version_id for version_id in absent if not await self._has_original(version_id)]
        lost = 0
        for version_id in gone:
            async with self.ledger.read() as uow:
                version = await uow.versions.get(self.tenant_id, version_id)
                document = await uow.documents.get(self.tenant_id, version.document_id) if version else None
            # A removal takes the blobs before the rows.
            lost += document is not None and document.deleted_at is None and document.live_version_id == version_id
        return lost

    async def _has_original(self, version_id: Id) -> bool:
        async for _ in self.blobs.list(_original(self.tenant_id, version_id)):
            return True
        return False


def _original(tenant_id: Id, version_id: Id) -> str:
    return f"{tenant_id}/{version_id}/{ORIGINAL}"
