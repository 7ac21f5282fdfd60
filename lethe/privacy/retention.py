"""What is kept for a time only. Keys go before the rows that name them, so that a repetition finds what a kill left."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime

from lethe.model.ids import Id
from lethe.model.operations import Dispatch, DispatchKind, IdempotencyRecord
from lethe.model.workflow_ids import dispatch_id
from lethe.ports.keyring import KeyRing
from lethe.ports.ledger import Ledger, UnitOfWork

PAGE = 500


async def expire_idempotency(ledger: Ledger, keyring: KeyRing, created_before: datetime) -> int:
    """Forget remembered responses of before then, and their keys; returns how many."""

    async def page() -> int:
        async with ledger.read() as uow:
            records = await uow.idempotency.expired(created_before, PAGE)
        await forget_responses(ledger, keyring, records)
        return len(records)

    return await _page_by_page(page)


async def forget_responses(ledger: Ledger, keyring: KeyRing, records: Sequence[IdempotencyRecord]) -> None:
    """Remove remembered responses and their keys."""
    await _destroy(keyring, ((record.tenant_id, record.key_id) for record in records))
    async with ledger.write() as uow:
        for record in records:
            await uow.idempotency.forget(record)


async def expire_ingestions(ledger: Ledger, keyring: KeyRing, ended_before: datetime) -> int:
    """Forget what ended ingestions said of documents, names of refused files too; the counts stay. Returns how many."""

    async def page() -> int:
        async with ledger.read() as uow:
            ended = await uow.ingestions.ended_before(ended_before, PAGE)
        await _destroy(keyring, ((ingestion.tenant_id, ingestion.id) for ingestion in ended))
        for ingestion in ended:
            async with ledger.write() as uow:
                await uow.ingestions.forget_sealed(ingestion.tenant_id, ingestion.id)
        return len(ended)

    return await _page_by_page(page)


async def expire_selections(ledger: Ledger, keyring: KeyRing, created_before: datetime) -> int:
    """Forget deletions and updates of many documents ordered before then, and their keys; returns how many."""

    async def page() -> int:
        async with ledger.read() as uow:
            selections = await uow.selections.expired(created_before, PAGE)
        await _destroy(keyring, ((selection.tenant_id, selection.id) for selection in selections))
        async with ledger.write() as uow:
            for selection in selections:
                await uow.selections.delete(selection.tenant_id, selection.id)
        return len(selections)

    return await _page_by_page(page)


async def expire_letters(ledger: Ledger, before: datetime) -> int:
    """Forget decisions on many dead letters, and counts of failures; returns how many decisions. The letters
    themselves go by the tenant's policy (lethe.ingestion.retaining).
    """
    async with ledger.write() as uow:
        await uow.tallies.expire(before)
    return await _rows(ledger, lambda uow: uow.dead_letters.expire_resolutions(before, PAGE))


async def expire_processor_calls(ledger: Ledger, created_before: datetime) -> int:
    """Forget what outside processors were sent before then; returns how many calls."""
    return await _rows(ledger, lambda uow: uow.processor_calls.expire(created_before, PAGE))


async def expire_cached_answers(ledger: Ledger, created_before: datetime) -> int:
    """Forget that answers of before then may serve again; the answers stay with their questions."""
    return await _rows(ledger, lambda uow: uow.answer_cache.expire(created_before, PAGE))


async def expire_deliveries(ledger: Ledger, before: datetime) -> int:
    """Forget deliveries of webhooks that were made or given up; returns how many."""
    return await _rows(ledger, lambda uow: uow.webhooks.expire(before, PAGE))


async def expire_dispatches(ledger: Ledger, dispatched_before: datetime) -> int:
    """Forget what was started before then, whatever it was; returns how many. What was not started yet stays."""
    return await _rows(ledger, lambda uow: uow.dispatches.expire(dispatched_before, PAGE))


async def restart_erasures(ledger: Ledger, at: datetime) -> datetime | None:
    """Have every erasure without an end started again: one that runs goes on, one that failed gets a new run.

    Returns when the oldest of them was asked for.
    """
    async with ledger.read() as uow:
        open_ = [each for tenant in await uow.tenants.list() for each in await uow.erasures.unfinished(tenant.id)]
    kind = DispatchKind.ERASE_SUBJECT
    for each in open_:
        workflow_id = dispatch_id(kind, each.tenant_id, each.id)
        async with ledger.write() as uow:
            await uow.dispatches.renew(Dispatch(each.tenant_id, workflow_id, kind, each.id, at, again=True))
    return min((each.created_at for each in open_), default=None)


async def _rows(ledger: Ledger, expire: Callable[[UnitOfWork], Awaitable[int]]) -> int:
    """Remove rows that name no key, a page in each unit of work."""

    async def page() -> int:
        async with ledger.write() as uow:
            return await expire(uow)

    return await _page_by_page(page)


async def _page_by_page(page: Callable[[], Awaitable[int]]) -> int:
    """Until a page is not full; returns the sum."""
    forgotten = 0
    while True:
        found = await page()
        forgotten += found
        if found < PAGE:
            return forgotten


async def _destroy(keyring: KeyRing, keys: Iterable[tuple[Id, Id]]) -> None:
    """Destroy keys, named by tenant and id."""
    of_tenant = defaultdict[Id, list[Id]](list)
    for tenant_id, key_id in keys:
        of_tenant[tenant_id].append(key_id)
    for tenant_id, key_ids in of_tenant.items():
        await keyring.destroy(tenant_id, key_ids)
