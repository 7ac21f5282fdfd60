"""What the bulk workflow asks of the ledger: pages of batches, states, and what is to be removed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from lethe.contracts.bulk import (
    BulkCounts,
    BulkCursor,
    BulkPage,
    IngestionRef,
    Planned,
    StateChange,
    SweepStep,
    Swept,
    SweptTo,
    WindowChange,
)
from lethe.errors import IngestionNotFound
from lethe.ingestion.bulk.recent import RecentCounts
from lethe.ingestion.bulk.views import view_of
from lethe.ingestion.metadata import IN_FLIGHT
from lethe.ingestion.removal import VersionRemover
from lethe.model.blobs import blob_prefix
from lethe.model.documents import Replaced, Status, Version
from lethe.model.ingestions import Ingestion, IngestionState
from lethe.model.webhooks import WebhookEvent
from lethe.ports.clock import Clock
from lethe.ports.ledger import Ledger, UnitOfWork
from lethe.settings import BulkSettings, LimitSettings
from lethe.webhooks.telling import Happening, tell

BATCHES_A_PAGE: Final = 8
SWEEP: Final = 100
"""Versions removed by one call."""


@dataclass(frozen=True, slots=True)
class BulkPlanning:
    """Every method may be repeated. Raises IngestionNotFound."""

    ledger: Ledger
    remover: VersionRemover
    clock: Clock
    bulk: BulkSettings
    limits: LimitSettings
    recent: RecentCounts = field(default_factory=RecentCounts)

    async def page(self, cursor: BulkCursor) -> BulkPage:
        """The next batches behind the cursor, and the ledger's word on the ingestion; its counts may be seconds old."""
        size = self.bulk.batch_documents * BATCHES_A_PAGE
        async with self.ledger.read() as uow:
            ingestion = await _get(uow, cursor)
            versions = await uow.versions.of_ingestion(
                cursor.tenant_id, cursor.ingestion_id, IN_FLIGHT, cursor.after, size
            )
            counts = await self.recent.of(ingestion, lambda: self._counts(uow, ingestion))
        batches = self._batches(versions)[:BATCHES_A_PAGE]
        # Behind the last one there may be positions whose versions are gone: a short page has seen them all.
        is_all = len(versions) < size and sum(len(batch.version_ids) for batch in batches) == len(versions)
        after = ingestion.given if is_all else batches[-1].last
        return self._told(ingestion, counts, after, batches)

    async def set_state(self, change: StateChange) -> None:
        """Under the tenant's lock, as whoever takes a document in: none is given to an ingestion that has ended."""
        async with self.ledger.write() as uow:
            await uow.tenants.lock(change.tenant_id)
            await uow.ingestions.set_state(change.tenant_id, change.ingestion_id, change.state, self.clock.now())

    async def set_window(self, change: WindowChange) -> None:
        async with self.ledger.write() as uow:
            await uow.tenants.lock(change.tenant_id)
            await uow.ingestions.set_window(
                change.tenant_id, change.ingestion_id, change.batch_window, self.clock.now()
            )

    async def close(self, ref: IngestionRef) -> None:
        """No more documents come."""
        async with self.ledger.write() as uow:
            await uow.tenants.lock(ref.tenant_id)
            await uow.ingestions.close(ref.tenant_id, ref.ingestion_id, self.clock.now())

    async def finish(self, cursor: BulkCursor) -> BulkPage:
        """Mark it done if it is closed and everything given lies before the cursor; what comes later is refused."""
        async with self.ledger.write() as uow:
            await uow.tenants.lock(cursor.tenant_id)
            ingestion = await _get(uow, cursor)
            is_over = ingestion.closed_at is not None and not ingestion.archive_key and not ingestion.state.is_final
            if is_over and ingestion.given <= cursor.after:
                await uow.ingestions.set_state(
                    cursor.tenant_id, cursor.ingestion_id, IngestionState.DONE, self.clock.now()
                )
                await tell(uow, _completed(ingestion), self.clock.now())
            ended = await _get(uow, cursor)
            return self._told(ended, await self._counts(uow, ended), cursor.after, [])

    async def drop_replaced(self, step: SweepStep) -> Swept:
        """Remove versions that were replaced longer ago than any question takes, whoever replaced them.

        Those of a document that is kept stay, and keep nobody else's.
        """
        as_of = self.clock.now() - timedelta(seconds=self.limits.drop_after_seconds)
        at, last = step.after.replaced_at, step.after.replaced_id
        after = Replaced(at, last) if at is not None and last is not None else None
        async with self.ledger.read() as uow:
            replaced = await uow.versions.replaced_before(step.tenant_id, as_of, SWEEP, after)
        dropped = await self.remover.remove_many(step.tenant_id, [each.version_id for each in replaced])
        if len(replaced) < SWEEP:
            return Swept(versions=dropped, is_more=False)
        end = SweptTo(replaced_at=replaced[-1].at, replaced_id=replaced[-1].version_id)
        return Swept(versions=dropped, is_more=True, after=end)

    async def clear(self, ref: SweepStep) -> Swept:
        """Remove what a cancelled ingestion did not get to, its archive too. What is live, failed or kept stays."""
        async with self.ledger.read() as uow:
            # Also those that an earlier attempt, killed since, was about to remove.
            left = IN_FLIGHT | {Status.DELETING}
            versions = await uow.versions.of_ingestion(ref.tenant_id, ref.ingestion_id, left, ref.after.position, SWEEP)
        removed = await self.remover.remove_many(ref.tenant_id, [version.id for version in versions])
        if len(versions) < SWEEP:
            await self.remover.blobs.delete_prefix(blob_prefix(ref.tenant_id, ref.ingestion_id))
            async with self.ledger.write() as uow:
                await uow.ingestions.forget_archive(ref.tenant_id, ref.ingestion_id)
            return Swept(versions=removed, is_more=False)
        return Swept(versions=removed, is_more=True, after=SweptTo(position=versions[-1].position or 0))

    async def _counts(self, uow: UnitOfWork, ingestion: Ingestion) -> BulkCounts:
        found = await uow.versions.counts_of_ingestion(ingestion.tenant_id, ingestion.id)
        view = view_of(ingestion, found, self.clock.now())
        return BulkCounts(**{name: getattr(view, name) for name in BulkCounts.model_fields})

    def _told(self, ingestion: Ingestion, counts: BulkCounts, after: int, batches: Sequence[Planned]) -> BulkPage:
        return BulkPage(
            state=ingestion.state,
            is_closed=ingestion.closed_at is not None,
            has_archive=bool(ingestion.archive_key),
            batch_window=ingestion.batch_window,
            given=ingestion.given,
            counts=counts,
            after=after,
            drop_after_seconds=self.limits.drop_after_seconds,
            idle_seconds=self.bulk.idle_seconds,
            batches=list(batches),
        )

    def _batches(self, versions: Sequence[Version]) -> list[Planned]:
        """Bounded by count and by bytes, so that a batch of large files takes no longer than one of small files."""
        groups: list[list[Version]] = []
        held = 0
        for version in versions:
            is_full = groups and (
                len(groups[-1]) == self.bulk.batch_documents or held + version.size_bytes > self.bulk.batch_bytes
            )
            if is_full or not groups:
                groups.append([])
                held = 0
            groups[-1].append(version)
            held += version.size_bytes
        return [Planned(version_ids=[v.id for v in group], last=group[-1].position or 0) for group in groups]


def _completed(ingestion: Ingestion) -> Happening:
    return Happening(
        tenant_id=ingestion.tenant_id,
        event=WebhookEvent.INGESTION_COMPLETED,
        occasion=ingestion.id,
        subject_id=ingestion.id,
        counts={"documents": ingestion.given, "added": ingestion.added, "updated": ingestion.updated},
    )


async def _get(uow: UnitOfWork, ref: IngestionRef) -> Ingestion:
    ingestion = await uow.ingestions.get(ref.tenant_id, ref.ingestion_id)
    if ingestion is None:
        raise IngestionNotFound
    return ingestion
