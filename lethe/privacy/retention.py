"""What is kept for a time only."""

from datetime import datetime

from lethe.ports.keyring import KeyRing
from lethe.ports.ledger import Ledger

PAGE = 500


async def expire_idempotency(ledger: Ledger, keyring: KeyRing, created_before: datetime) -> int:
    """Forget remembered responses of before then, and their keys; returns how many."""
    forgotten = 0
    while True:
        async with ledger.write() as uow:
            records = await uow.idempotency.expire(created_before, PAGE)
        for record in records:
            await keyring.destroy(record.tenant_id, [record.key_id])
        forgotten += len(records)
        if len(records) < PAGE:
            return forgotten


async def expire_ingestions(ledger: Ledger, keyring: KeyRing, ended_before: datetime) -> int:
    """Forget what ended ingestions said of documents, names of refused files too; the counts stay. Returns how many."""
    forgotten = 0
    while True:
        async with ledger.read() as uow:
            ended = await uow.ingestions.ended_before(ended_before, PAGE)
        for ingestion in ended:
            await keyring.destroy(ingestion.tenant_id, [ingestion.id])
            async with ledger.write() as uow:
                await uow.ingestions.forget_sealed(ingestion.tenant_id, ingestion.id)
        forgotten += len(ended)
        if len(ended) < PAGE:
            return forgotten


async def expire_selections(ledger: Ledger, keyring: KeyRing, created_before: datetime) -> int:
    """Forget deletions and updates of many documents ordered before then, and their keys; returns how many."""
    forgotten = 0
    while True:
        async with ledger.write() as uow:
            selections = await uow.selections.expire(created_before, PAGE)
        for selection in selections:
            await keyring.destroy(selection.tenant_id, [selection.id])
        forgotten += len(selections)
        if len(selections) < PAGE:
            return forgotten


async def expire_letters(ledger: Ledger, before: datetime) -> int:
    """Forget dead letters on which nothing is to be decided, decisions on many, and counts; returns how many letters.

    A failed document keeps its bytes until it is deleted or replaced; only the record of the cause goes.
    """
    forgotten = 0
    while True:
        async with ledger.write() as uow:
            letters = await uow.dead_letters.expire(before, PAGE)
            resolutions = await uow.dead_letters.expire_resolutions(before, PAGE)
            await uow.tallies.expire(before)
        forgotten += letters
        if max(letters, resolutions) < PAGE:
            return forgotten


async def expire_processor_calls(ledger: Ledger, created_before: datetime) -> int:
    """Forget what outside processors were sent before then; returns how many calls."""
    forgotten = 0
    while True:
        async with ledger.write() as uow:
            expired = await uow.processor_calls.expire(created_before, PAGE)
        forgotten += expired
        if expired < PAGE:
            return forgotten


async def expire_deliveries(ledger: Ledger, before: datetime) -> int:
    """Forget deliveries of webhooks that were made or given up; returns how many."""
    forgotten = 0
    while True:
        async with ledger.write() as uow:
            deliveries = await uow.webhooks.expire(before, PAGE)
        forgotten += deliveries
        if deliveries < PAGE:
            return forgotten
