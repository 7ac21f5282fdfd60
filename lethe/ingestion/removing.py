"""Taking what was deleted, by whomever, out of every store, page by page."""

from typing import Final

from lethe.contracts.selection import RemovalPage, RemovedPage
from lethe.ingestion.deletion import Deletions
from lethe.ports.ledger import Ledger
from lethe.privacy.holds import kept_of

LOCKED: Final = 50
"""Documents of a page."""


async def remove_page(ledger: Ledger, deletions: Deletions, page: RemovalPage) -> RemovedPage:
    """Take a page of the tenant's deleted documents out of every store, whoever deleted them.

    What retention deleted and a hold came for since stays hidden, with all that is stored of it, until the hold ends.
    """
    async with ledger.write() as uow:
        await uow.tenants.lock(page.tenant_id)
        ids = await uow.selections.deleted_after(page.tenant_id, page.after, LOCKED)
        documents = await uow.documents.get_many(page.tenant_id, ids)
        kept = await kept_of(uow, page.tenant_id, documents.values())
    going = [each for each in ids if each not in kept]
    dropped = await deletions.finish_many(page.tenant_id, going)
    return RemovedPage(after=ids[-1] if len(ids) == LOCKED else None, documents=len(going), objects=dropped.objects)
