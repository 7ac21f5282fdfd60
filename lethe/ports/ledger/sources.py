"""Sources, their items, and the syncs of each."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from lethe.model.ids import Id
from lethe.model.syncs import ListedAs, ListedItem, Source, SourceEntry, Sync
from lethe.ports.ledger.paging import PageCursor


class SourceRepository(Protocol):
    async def add(self, source: Source) -> None: ...
    async def get(self, tenant_id: Id, source_id: Id) -> Source | None: ...

    async def page(self, tenant_id: Id, after: PageCursor | None, limit: int) -> list[Source]:
        """Newest first."""
        ...

    async def update(self, source: Source) -> None:
        """Write every column of the row; one that is gone is no error."""
        ...

    async def delete(self, tenant_id: Id, source_id: Id) -> None:
        """Remove it with its items and syncs."""
        ...

    async def all(self) -> list[Source]:
        """Of every tenant, those that are not on their way out."""
        ...

    async def entries(self, tenant_id: Id, source_id: Id, key_hmacs: Collection[str]) -> dict[str, SourceEntry]:
        """Those of the items that are known."""
        ...

    async def put_entries(self, entries: Sequence[SourceEntry]) -> None:
        """Insert or replace. One whose source is gone by now is an error: LedgerConflict."""
        ...

    async def see(self, tenant_id: Id, source_id: Id, key_hmacs: Collection[str], sync_id: Id) -> None:
        """Note that the sync met these, which are known."""
        ...

    async def renew(self, tenant_id: Id, source_id: Id, sync_id: Id, at: datetime) -> None:
        """Documents whose items the sync met are from then on as young as if they had been sent."""
        ...

    async def count_present(self, tenant_id: Id, source_id: Id) -> int: ...

    async def count_vanished(self, tenant_id: Id, source_id: Id, sync_id: Id) -> int:
        """As `vanished`, all of them."""
        ...

    async def count_suppressed(self, tenant_id: Id, source_id: Id, sync_id: Id) -> int:
        """Met by the sync, and not here for whom they show."""
        ...

    async def vanished(self, tenant_id: Id, source_id: Id, sync_id: Id, limit: int) -> list[SourceEntry]:
        """Present as far as is known, but not met by the sync."""
        ...

    async def keep_vanished(self, tenant_id: Id, source_id: Id, sync_id: Id) -> int:
        """Their documents stay, and they are not missed again; returns how many."""
        ...

    async def forget_entries(self, tenant_id: Id, source_id: Id, key_hmacs: Collection[str]) -> None: ...

    async def behind(
        self, tenant_id: Id, source_id: Id, mapping: int, after: str | None, limit: int
    ) -> list[SourceEntry]:
        """Items with a document whose mapping is an earlier one, in order of their keys."""
        ...

    async def hand_over(self, tenant_id: Id, source_id: Id, document_ids: Collection[Id]) -> set[Id]:
        """Those of the documents that another active source holds too, which counts as behind about them now."""
        ...

    async def note_suppressed(self, tenant_id: Id, source_id: Id, document_ids: Collection[Id]) -> None:
        """Their items were taken in, and then refused for whom their text shows."""
        ...

    async def documents_of(self, tenant_id: Id, source_id: Id, limit: int) -> list[SourceEntry]:
        """Items that still have a document."""
        ...


class SyncRepository(Protocol):
    async def add(self, sync: Sync) -> None: ...
    async def get(self, tenant_id: Id, sync_id: Id) -> Sync | None: ...

    async def update(self, sync: Sync) -> None:
        """Write every column of the row; one that is gone is no error."""
        ...

    async def page(self, tenant_id: Id, source_id: Id, after: PageCursor | None, limit: int) -> list[Sync]:
        """Newest first."""
        ...

    async def unfinished(self, tenant_id: Id, source_id: Id) -> list[Sync]:
        """Waiting or under way, oldest first."""
        ...

    async def asking(self, tenant_id: Id, source_ids: Collection[Id]) -> dict[Id, Id]:
        """Of each of these sources the round that waits for an answer; absent where none does."""
        ...

    async def put_listed(self, items: Sequence[ListedItem]) -> None:
        """Insert those that are not there yet."""
        ...

    async def listed(self, tenant_id: Id, sync_id: Id, kinds: Collection[ListedAs], limit: int) -> list[ListedItem]:
        """What is left to be done of these kinds, in order of their ids."""
        ...

    async def count_listed(self, tenant_id: Id, sync_id: Id) -> dict[ListedAs, int]: ...

    async def done(self, tenant_id: Id, item_ids: Collection[Id]) -> None:
        """Nothing is left to be done about them: they are removed."""
        ...

    async def expire(self, tenant_id: Id, source_id: Id, ended_before: datetime) -> None:
        """Forget rounds that had ended by then."""
        ...

    async def rename(self, tenant_id: Id, sync_id: Id, kind: ListedAs, other: ListedAs) -> None:
        """What is of one kind is of the other from now on."""
        ...

    async def forget(self, tenant_id: Id, sync_id: Id, kind: ListedAs) -> None:
        """Nothing is to be done about those."""
        ...

    async def forget_listing(self, tenant_id: Id, sync_id: Id) -> None: ...
