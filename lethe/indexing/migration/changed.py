"""How much of a build may have changed since it was compared."""

from typing import Final

from lethe.contracts.migrations import MigrationReport
from lethe.model.migrations import Migration
from lethe.ports.ledger import UnitOfWork
from lethe.settings import MigrationSettings

_MOST_UNCOMPARED: Final = 500
"""Versions, however many chunks the build has: they are read under the tenant's lock."""


def most_changed(settings: MigrationSettings, report: MigrationReport, share: float) -> float:
    """Chunks; as many as the sample has are never too many."""
    return max(settings.sample_chunks, share * report.vectors)


async def is_compared(uow: UnitOfWork, migration: Migration, settings: MigrationSettings) -> bool:
    """Whether nearly all that the build holds by now was compared. Needs the tenant's lock."""
    report = MigrationReport.model_validate(migration.report)
    changed = await uow.versions.changed_after(migration.tenant_id, migration.checked_seq or 0, _MOST_UNCOMPARED + 1)
    chunks = sum(version.chunk_count for version in changed)
    return len(changed) <= _MOST_UNCOMPARED and chunks <= most_changed(settings, report, settings.uncompared_most)
