"""The beginning and the end of a round, and the question it may ask."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from lethe.contracts.sync import Begun, Decided, Failed, NextStep, SyncRef, SyncRun
from lethe.errors import SubjectSuppressed
from lethe.ingestion.bulk.views import IngestionView, failure_codes
from lethe.ingestion.sync.syncing import Syncing, open_round
from lethe.model.documents import Status
from lethe.model.ids import Id, derived_id, new_id
from lethe.model.syncs import Decision, ListedAs, SourceState, Sync, SyncState, SyncTrigger
from lethe.ports.ledger import UnitOfWork
from lethe.privacy.erasure.rechecking import recheck_after

LISTS_ALL = frozenset({SyncTrigger.SCHEDULE, SyncTrigger.MANUAL})
"""What looks at the whole source."""
PAGE = 500
"""Failed versions looked at in one unit."""


async def begin_round(deps: Syncing, run: SyncRun) -> Begun:
    """The oldest round that has not ended: also one that a run which was ended from outside has left."""
    async with deps.ledger.write() as uow:
        await uow.tenants.lock(run.tenant_id)
        source = await uow.sources.get(run.tenant_id, run.source_id)
        if source is None:
            return Begun(next=NextStep.REST)
        if source.state is SourceState.DELETING:
            return Begun(next=NextStep.END)
        sync = await _first(deps, uow, run)
        if sync is None:
            return Begun(next=NextStep.REST)
        if sync.state is SyncState.PENDING:
            sync = replace(sync, state=SyncState.LISTING, started_at=deps.clock.now())
            await uow.syncs.update(sync)
    return Begun(
        next=NextStep.ROUND,
        sync_id=sync.id,
        state=sync.state,
        is_dry_run=sync.is_dry_run,
        is_whole=_is_whole(sync),
    )


def _is_whole(sync: Sync) -> bool:
    return sync.trigger in LISTS_ALL and not sync.is_dry_run


async def _first(deps: Syncing, uow: UnitOfWork, run: SyncRun) -> Sync | None:
    unfinished = await uow.syncs.unfinished(run.tenant_id, run.source_id)
    if run.is_scheduled and not any(_is_whole(each) for each in unfinished):
        sync = new_round(run.tenant_id, run.source_id, SyncTrigger.SCHEDULE, deps)
        await uow.syncs.add(sync)
        unfinished = [*unfinished, sync]
    return next(iter(unfinished), None)


def new_round(
    tenant_id: Id, source_id: Id, trigger: SyncTrigger, deps: Syncing, *, is_dry_run: bool = False, sync_id: Id = ""
) -> Sync:
    return Sync(tenant_id, sync_id or new_id(), source_id, trigger, is_dry_run, SyncState.PENDING, deps.clock.now())


async def look_at_decision(deps: Syncing, ref: SyncRef) -> Decided:
    """Go on if somebody has decided. Where the documents are to stay, their items are not missed again; before they
    are deleted it is looked once more, since the listing may be days old.
    """
    async with deps.ledger.write() as uow:
        await uow.tenants.lock(ref.tenant_id)
        _, sync = await open_round(uow, ref)
        if sync.state is not SyncState.NEEDS_ATTENTION:
            return Decided(is_decided=True)
        if sync.decision is None:
            waited = deps.clock.now() - (sync.started_at or sync.created_at)
            left = timedelta(days=deps.settings.answer_days) - waited
            return Decided(is_decided=False, wait_seconds=max(0.0, left.total_seconds()))
        if sync.decision is Decision.KEEP:
            await _keep(uow, sync)
            await uow.syncs.update(replace(sync, state=SyncState.INGESTING))
        else:
            await uow.syncs.rename(ref.tenant_id, ref.sync_id, ListedAs.GONE, ListedAs.NAMED)
            await uow.syncs.update(replace(sync, state=SyncState.LISTING))
    return Decided(is_decided=True)


async def _keep(uow: UnitOfWork, sync: Sync) -> None:
    if sync.trigger is SyncTrigger.EVENTS:
        await uow.syncs.forget(sync.tenant_id, sync.id, ListedAs.GONE)
    else:
        await uow.sources.keep_vanished(sync.tenant_id, sync.source_id, sync.id)


async def finish_round(deps: Syncing, ref: SyncRef) -> None:
    """Write the counts, and forget what was listed."""
    await _end(deps, ref, "")


async def fail_round(deps: Syncing, failed: Failed) -> None:
    """The round ends here; what it brought in stays, and nothing more is deleted."""
    await _end(deps, failed, failed.code)


async def _end(deps: Syncing, ref: SyncRef, code: str) -> None:
    async with deps.ledger.read() as uow:
        sync = await uow.syncs.get(ref.tenant_id, ref.sync_id)
        source = await uow.sources.get(ref.tenant_id, ref.source_id)
    if sync is None or source is None or sync.state.is_final:
        return
    view = await deps.ingestions.close(source.caller, sync.ingestion_id) if sync.ingestion_id else None
    suppressed = await _suppressed(deps, ref, sync.ingestion_id) if sync.ingestion_id else []
    await deps.keyring.destroy(ref.tenant_id, [ref.sync_id])
    now = deps.clock.now()
    async with deps.ledger.write() as uow:
        await uow.tenants.lock(ref.tenant_id)
        sync = await uow.syncs.get(ref.tenant_id, ref.sync_id)
        source = await uow.sources.get(ref.tenant_id, ref.source_id)
        if sync is None or source is None or sync.state.is_final:
            return
        await uow.sources.note_suppressed(ref.tenant_id, ref.source_id, suppressed)
        ended = replace(
            _with_counts(sync, view),
            state=SyncState.FAILED if code else SyncState.DONE,
            code=code,
            ended_at=now,
            suppressed=await uow.sources.count_suppressed(ref.tenant_id, ref.source_id, ref.sync_id),
        )
        await uow.syncs.update(ended)
        await uow.syncs.forget_listing(ref.tenant_id, ref.sync_id)
        await uow.syncs.expire(ref.tenant_id, ref.source_id, now - timedelta(days=deps.settings.run_days))
        if not code and _is_whole(sync):
            await uow.sources.update(replace(source, last_good_at=sync.started_at))
            await uow.sources.renew(ref.tenant_id, ref.source_id, ref.sync_id, now)
        if _brings_in(ended):
            await recheck_after(uow, ref.tenant_id, *shared_look(ref.tenant_id, now, deps.settings.recheck_seconds))


def shared_look(tenant_id: Id, ended_at: datetime, seconds: float) -> tuple[Id, datetime]:
    """The cause of one look, and when: so many seconds after the round or later, twice as many at most.

    Rounds of the tenant that end at about the same time share it: events may come by the second, and each look is for
    everybody who was erased. What a round that broke off took in has had time to come in, too.
    """
    number = int(ended_at.timestamp() // seconds) + 2
    return derived_id(tenant_id, number), datetime.fromtimestamp(number * seconds, UTC)


def _with_counts(sync: Sync, view: IngestionView | None) -> Sync:
    if view is None:
        return sync
    return replace(
        sync,
        added=sync.added + view.added,
        updated=sync.updated + view.updated,
        skipped=sync.skipped + view.skipped,
        failed=sync.failed + view.failed,
    )


def _brings_in(ended: Sync) -> bool:
    """Of a round that broke off, what it took in may still be on its way."""
    return ended.ingestion_id is not None and bool(ended.code or ended.added or ended.updated)


async def _suppressed(deps: Syncing, ref: SyncRef, ingestion_id: Id) -> list[Id]:
    """Documents of items that were refused for whom their text shows: they are read again when that is lifted."""
    found, after = list[Id](), 0
    while True:
        async with deps.ledger.read() as uow:
            failed = await uow.versions.of_ingestion(ref.tenant_id, ingestion_id, {Status.FAILED}, after, PAGE)
            codes = await failure_codes(uow, failed)
        found += [each.document_id for each in failed if codes.get(each.id) == SubjectSuppressed.code]
        if len(failed) < PAGE:
            return found
        after = max(each.position or 0 for each in failed)
