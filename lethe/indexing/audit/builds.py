"""One index build against the ledger."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from lethe.contracts.audit import AuditTally
from lethe.indexing.objects import version_attributes
from lethe.indexing.properties import rewrite_properties
from lethe.model.audits import ChunkStanding
from lethe.model.documents import Chunk, Version
from lethe.model.ids import Id, is_id
from lethe.model.indexes import BuildKind, BuildState, IndexBuild
from lethe.ports.clock import Clock
from lethe.ports.keyring import KeyRing
from lethe.ports.ledger import Ledger
from lethe.ports.vectors import ChunkIndex, Listed
from lethe.settings import AuditSettings

WRITE_PAGE = 200
"""Objects opened and written at a time: bounds the clear text held in memory."""


class Filler(Protocol):
    """Writes chunks again to the builds of one store."""

    async def write(
        self, build: IndexBuild, chunks: Sequence[Chunk], versions: Mapping[Id, Version], keys: Mapping[Id, bytes]
    ) -> set[Id]:
        """Those of the chunks that are written now; what the ledger has not enough of is left out."""
        ...

    async def withheld(self, build: IndexBuild, chunk_ids: Collection[Id]) -> frozenset[Id]:
        """Of chunks that could not be written those that are not to be: no model is sent their texts."""
        ...


@dataclass(frozen=True, slots=True)
class _Filled:
    """Of objects that should be there: how many were missing, how many of these are there now, how many are not to be
    there, and how many of those since the model refuses their texts.
    """

    holes: int = 0
    filled: int = 0
    withheld: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class BuildAudit:
    """Walks the ids of both sides in order, a page at a time, so that neither is ever held whole.

    ``asks_again``: whether texts that the model refused before are sent to it once more.
    """

    ledger: Ledger
    keyring: KeyRing
    index: ChunkIndex
    filler: Filler
    clock: Clock
    settings: AuditSettings
    build: IndexBuild
    asks_again: bool = False

    async def page(self, after: Id | None) -> tuple[Id | None, AuditTally]:
        """Compare one page of ids; returns the last one compared, None at the end.

        The store is read before the ledger: what is in the store had its rows by then, unless it is on its way out.
        """
        limit = self.settings.page
        listed = await self.index.page(self.build, after, limit)
        async with self.ledger.read() as uow:
            rows = await uow.audits.chunks_after(self.build.tenant_id, after, limit)
        ends = [page[-1].chunk_id for page in (listed, rows) if len(page) == limit]
        until = min(ends) if ends else None
        there = {item.chunk_id: item for item in listed if until is None or item.chunk_id <= until}
        wanted = {row.chunk_id: row for row in rows if until is None or row.chunk_id <= until}
        due = [row for row in wanted.values() if self._is_due(row)]
        orphans = await self._remove([item for key, item in there.items() if key not in wanted])
        found = await self._fill([row for row in due if row.chunk_id not in there])
        stale = await self._refresh([(there[row.chunk_id], row) for row in due if row.chunk_id in there])
        tally = AuditTally(
            expected=len(due) - found.withheld,
            found=len(there),
            orphans=orphans,
            holes=found.holes,
            stale=stale,
            repaired=orphans + found.filled + stale,
            refused=found.refused,
        )
        return until, tally

    def _is_due(self, row: ChunkStanding | None) -> bool:
        """Whether its absence is a hole. The active build has all that is served, a follower what it came to; a
        keyword build that is being built is written by ingestion like the active one.

        A replaced version may still be there: it goes when no question reads it any more, and is not written again.
        """
        if row is None or row.live_from is None or self.build.state is BuildState.RETIRED:
            return False
        has_all = self.build.state is BuildState.ACTIVE or self.build.kind is BuildKind.KEYWORD
        return has_all or row.live_from <= self.build.seq

    async def _remove(self, strangers: Sequence[Listed]) -> int:
        """Delete objects without a row; returns how many were still there.

        Under the lock: a version without a row never gets one (its id is random), and one that was switched never
        gets other chunks. Only of a version on its way in may a row still come.
        """
        if not strangers:
            return 0
        tenant_id = self.build.tenant_id
        async with self.ledger.write() as uow:
            await uow.tenants.lock(tenant_id)
            rows = await uow.audits.chunks(tenant_id, [item.chunk_id for item in strangers])
            named = {item.version_id for item in strangers if is_id(item.version_id)}
            versions = await uow.versions.get_many(tenant_id, named)
        coming = {version.id for version in versions.values() if version.live_from is None}
        orphans = [item.chunk_id for item in strangers if item.chunk_id not in rows and item.version_id not in coming]
        # What was on its way out is gone by now, and does not count.
        return await self.index.delete_objects(self.build, orphans) if orphans else 0

    async def _fill(self, missing: Sequence[ChunkStanding]) -> _Filled:
        """Write objects again that should be there."""
        if not missing:
            return _Filled()
        ids = {row.chunk_id for row in missing}
        # What was served before this look was written before it too.
        absent = await self._still_due(ids - await self.index.present(self.build, ids))
        if self.asks_again and (refused := await self._refused(absent)):
            async with self.ledger.write() as uow:
                await uow.refusals.forget_some(self.build.tenant_id, self.build.spec, refused)
        filled: set[Id] = set()
        for start in range(0, len(absent), WRITE_PAGE):
            filled |= await self._write(sorted(absent)[start : start + WRITE_PAGE])
        left = absent - filled
        withheld = len(await self.filler.withheld(self.build, left)) if left else 0
        return _Filled(len(absent) - withheld, len(filled), withheld, len(await self._refused(left)))

    async def _refused(self, chunk_ids: Collection[Id]) -> frozenset[Id]:
        if not chunk_ids:
            return frozenset()
        async with self.ledger.read() as uow:
            return await uow.refusals.among(self.build.tenant_id, self.build.spec, chunk_ids)

    async def _write(self, chunk_ids: Sequence[Id]) -> frozenset[Id]:
        tenant_id = self.build.tenant_id
        async with self.ledger.read() as uow:
            chunks = await uow.chunks.some(tenant_id, chunk_ids)
            versions = await uow.versions.get_many(tenant_id, {chunk.version_id for chunk in chunks})
        keys = await self.keyring.get_many(tenant_id, versions)
        written = await self.filler.write(self.build, chunks, versions, keys)
        if not written:
            return frozenset()
        served = await self._still_due(written)
        # Replaced or deleted meanwhile: whoever removes the version may have been here before the write.
        if late := written - served:
            await self.index.delete_objects(self.build, late)
        await self._rewrite_changed(versions)
        return served

    async def _still_due(self, chunk_ids: Collection[Id]) -> frozenset[Id]:
        if not chunk_ids:
            return frozenset()
        async with self.ledger.read() as uow:
            rows = await uow.audits.chunks(self.build.tenant_id, chunk_ids)
        return frozenset(key for key, row in rows.items() if self._is_due(row))

    async def _rewrite_changed(self, written: Mapping[Id, Version]) -> None:
        """A change of metadata that came during the write may have found no object to change."""
        async with self.ledger.read() as uow:
            current = await uow.versions.get_many(self.build.tenant_id, written)
        for version_id, version in current.items():
            if version.meta_fp != written[version_id].meta_fp:
                await rewrite_properties(self.ledger, self.keyring, [(self.index, self.build)], version)

    async def _refresh(self, pairs: Iterable[tuple[Listed, ChunkStanding]]) -> int:
        """Rewrite versions whose readers or attributes are not the ledger's; returns how many there were.

        One that was changed a moment ago is left to the workflow that brings the index after.
        """
        shown: dict[Id, Listed] = {row.version_id: item for item, row in pairs}
        tenant_id = self.build.tenant_id
        async with self.ledger.read() as uow:
            versions = await uow.versions.get_many(tenant_id, shown)
        settled = self.clock.now() - timedelta(seconds=self.settings.settle_seconds)
        keys = await self.keyring.get_many(tenant_id, versions)
        stale = 0
        for version in versions.values():
            if version.updated_at > settled or version.id not in keys:
                continue
            item = shown[version.id]
            wanted = tuple(sorted(version_attributes(keys[version.id], version)))
            if (item.readers, item.attributes) == (tuple(sorted(version.readers)), wanted):
                continue
            stale += 1
            await rewrite_properties(self.ledger, self.keyring, [(self.index, self.build)], version)
        return stale
