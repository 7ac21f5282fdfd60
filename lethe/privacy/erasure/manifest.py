"""What is to be erased, in the ledger: written before anything is touched, and what became of each item after."""

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lethe.model.erasures import ErasureItem, ItemState
from lethe.model.ids import Id
from lethe.model.personal_data import Item, ItemKind, StoreName
from lethe.ports.ledger import Ledger

PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class Manifest:
    """The items of one request."""

    ledger: Ledger
    tenant_id: Id
    erasure_id: Id

    async def pages(self, store: StoreName | None, states: Collection[ItemState]) -> AsyncIterator[list[ErasureItem]]:
        """In pages; what changes its state meanwhile is not met twice."""
        after: tuple[str, str, str] | None = None
        while True:
            async with self.ledger.read() as uow:
                page = await uow.erasures.items(
                    self.tenant_id,
                    self.erasure_id,
                    store=store.value if store else None,
                    states=states,
                    after=after,
                    limit=PAGE,
                )
            if page:
                yield page
            if len(page) < PAGE:
                return
            last = page[-1]
            after = (last.store, last.kind, last.ref)

    async def known(self) -> dict[Item, ErasureItem]:
        return {as_item(each): each async for page in self.pages(None, ()) for each in page}

    async def put(self, items: Iterable[tuple[Item, ItemState, str]], round_: int, at: datetime) -> None:
        """Write items in the state and with the code given for each."""
        await self.write(self.rows(items, round_, at))

    async def write(self, rows: Sequence[ErasureItem]) -> None:
        for start in range(0, len(rows), PAGE):
            async with self.ledger.write() as uow:
                await uow.erasures.put_items(rows[start : start + PAGE])

    def rows(self, items: Iterable[tuple[Item, ItemState, str]], round_: int, at: datetime) -> list[ErasureItem]:
        return [
            ErasureItem(
                self.tenant_id, self.erasure_id, item.store.value, item.kind.value, item.ref, state, code, round_, at
            )
            for item, state, code in items
        ]


def as_item(row: ErasureItem) -> Item:
    return Item(StoreName(row.store), ItemKind(row.kind), row.ref)
