"""Blobs of versions and of bulk ingestions against the ledger."""

from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping, Set
from dataclasses import dataclass

from lethe.contracts.audit import AuditTally
from lethe.model.blobs import OF_VERSION, BlobName, blob_key
from lethe.model.ids import Id, is_id
from lethe.ports.blobs import BlobStore
from lethe.ports.ledger import Ledger, UnitOfWork

Held = Mapping[Id, Set[BlobName]]
"""Names of blobs by the version, or the ingestion, that they belong to."""


@dataclass(frozen=True, slots=True)
class BlobAudit:
    """A blob of a version that has no row is an orphan, and an archive that no ingestion will unpack.

    A served version without its original is a hole. It is told, not repaired: the bytes are nowhere else, and the
    version is served without them.
    """

    ledger: Ledger
    blobs: BlobStore
    tenant_id: Id
    page: int

    async def run(self) -> AuditTally:
        """Walk both sides in order of the owners' ids."""
        tally, absent = AuditTally(), list[Id]()
        served = self._served()
        version_id = await anext(served, None)
        async for held in self._pages():
            last = max(held)
            while version_id is not None and version_id <= last:
                tally = tally.plus(AuditTally(expected=1))
                if BlobName.ORIGINAL not in held.get(version_id, ()):
                    absent.append(version_id)
                version_id = await anext(served, None)
            orphans = await self._remove(held)
            found = sum(map(len, held.values()))
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

    async def _pages(self) -> AsyncIterator[Held]:
        """What is there by its owner, in pages. What is not named as our blobs are is somebody else's."""
        held: dict[Id, set[BlobName]] = {}
        async for key in self.blobs.list(self.tenant_id):
            match key.split("/"):
                case [_, owner_id, name] if name in OF_VERSION and is_id(owner_id):
                    pass
                case [_, owner_id, BlobName.ARCHIVE as name, _] if is_id(owner_id):
                    pass
                case _:
                    continue
            if len(held) == self.page and owner_id not in held:
                yield held
                held = {}
            held.setdefault(owner_id, set()).add(BlobName(name))
        if held:
            yield held

    async def _remove(self, held: Held) -> int:
        """The blobs were seen before this look: what has no use by now has none for ever."""
        async with self.ledger.read() as uow:
            versions = await uow.versions.get_many(self.tenant_id, held)
            unused = [
                (owner_id, name)
                for owner_id, names in held.items()
                for name in names
                if (name in OF_VERSION and owner_id not in versions)
                or (name is BlobName.ARCHIVE and await self._is_over(uow, owner_id))
            ]
        removed = 0
        for owner_id, name in unused:
            removed += await self.blobs.delete_prefix(blob_key(self.tenant_id, owner_id, name))
        return removed

    async def _is_over(self, uow: UnitOfWork, ingestion_id: Id) -> bool:
        """Whether no archive of the ingestion will be unpacked. One that was cancelled names it until it is removed."""
        ingestion = await uow.ingestions.get(self.tenant_id, ingestion_id)
        return ingestion is None or (ingestion.state.is_final and not ingestion.archive_key)

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
        async for _ in self.blobs.list(blob_key(self.tenant_id, version_id, BlobName.ORIGINAL)):
            return True
        return False
