"""Data keys: with one gone, what it sealed is gone, in every copy and backup too."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from lethe.model.erasures import ErasureMethod, PurgeState
from lethe.model.ids import Id
from lethe.model.personal_data import Item, ItemKind, StoreName, Trace
from lethe.ports.keyring import Emptied, KeyRing
from lethe.ports.personal_data import Located
from lethe.privacy.erasure.stores.base import Deleting, batches, items_of, refs_of

BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class KeyStore(Deleting):
    """Keys of versions and questions. Each leaves a tombstone, so that a late writer cannot make it again."""

    keyring: KeyRing
    lifetime: timedelta = timedelta()
    """How long the log of writes of the ring's database, and copies, may keep wrapped keys; zero on SQLite."""
    name = StoreName.KEYS
    method = ErasureMethod.KEY_DESTROYED

    async def locate(self, tenant_id: Id, trace: Trace) -> Located:
        return Located(items_of(self.name, ItemKind.KEY, trace.versions | trace.questions))

    async def erase(self, tenant_id: Id, items: Sequence[Item]) -> None:
        for some in batches(refs_of(items, ItemKind.KEY), BATCH):
            await self.keyring.destroy(tenant_id, some)

    async def remaining(self, tenant_id: Id, items: Sequence[Item]) -> int:
        return sum(
            [len(await self.keyring.get_many(tenant_id, some)) for some in batches(refs_of(items, ItemKind.KEY), BATCH)]
        )

    async def purge(self, tenant_id: Id, since: datetime) -> PurgeState:
        emptied = await self.keyring.leave_nothing(since)
        if emptied is Emptied.DONE:
            return PurgeState.AGES_OUT if self.lifetime else PurgeState.PURGED
        return PurgeState.PENDING if emptied is Emptied.NOT_YET else PurgeState.LEFT_TO_OPERATOR

    def horizon(self, as_of: datetime) -> datetime | None:
        return as_of + self.lifetime if self.lifetime else None
