"""What migrations leave behind: vectors of models that no index has any more, and what is known of them."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from lethe.model.ids import Id
from lethe.model.migrations import Migration
from lethe.ports.clock import Clock
from lethe.ports.ledger import Ledger, UnitOfWork
from lethe.settings import MigrationSettings

PAGE: Final = 500


async def expire_migrations(ledger: Ledger, clock: Clock, settings: MigrationSettings) -> int:
    """Forget those of `history_days` ago, and the vectors of `vector_days` ago; returns how many migrations."""
    now = clock.now()
    await expire_vectors(ledger, now - timedelta(days=settings.vector_days), now)
    forgotten = 0
    while True:
        async with ledger.write() as uow:
            found = await uow.migrations.expire(now - timedelta(days=settings.history_days), PAGE)
        forgotten += found
        if found < PAGE:
            return forgotten


async def expire_vectors(ledger: Ledger, ended_before: datetime, now: datetime) -> int:
    """Forget vectors that migrations left which ended before then; returns how many migrations there were."""
    swept = 0
    while True:
        async with ledger.read() as uow:
            due = await uow.migrations.unswept(ended_before, PAGE)
        for migration in due:
            await _sweep(ledger, migration, ended_before, now)
        swept += len(due)
        if len(due) < PAGE:
            return swept


async def _sweep(ledger: Ledger, migration: Migration, since: datetime, now: datetime) -> None:
    for spec in {migration.source_spec, migration.target_spec}:
        await _forget(ledger, migration.tenant_id, spec, since)
    async with ledger.write() as uow:
        await uow.tenants.lock(migration.tenant_id)
        await uow.migrations.update(replace(migration, swept_at=now))


async def _forget(ledger: Ledger, tenant_id: Id, spec: str, since: datetime) -> None:
    """A page under each lock: whoever begins to use the model again is seen before the next one."""
    after: Id | None = None
    while True:
        async with ledger.write() as uow:
            await uow.tenants.lock(tenant_id)
            if await _is_wanted(uow, tenant_id, spec, since):
                return
            after = await uow.chunks.forget_vectors(tenant_id, spec, after, PAGE)
            if after is None:
                await uow.refusals.forget(tenant_id, spec)
                return


async def _is_wanted(uow: UnitOfWork, tenant_id: Id, spec: str, since: datetime) -> bool:
    if spec in await uow.migrations.specs_since(tenant_id, since):
        return True
    return any(build.spec == spec for build in await uow.builds.list(tenant_id))
