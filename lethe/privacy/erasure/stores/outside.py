"""What cannot be reached and deleted: it is listed, or held to be opaque, and says when it ends by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lethe.model.erasures import ErasureMethod, PurgeState
from lethe.model.ids import Id
from lethe.model.personal_data import Item, ItemKind, Kept, StoreName, Trace
from lethe.ports.ledger import Ledger
from lethe.ports.personal_data import Located
from lethe.privacy.erasure.stores.base import items_of

OUTSIDE: str = "outside_processor"
"""The code of why a call stays in the ledger: it says who outside was sent what of whom, and when."""


@dataclass(frozen=True, slots=True)
class AgingStore:
    """Holds nothing that is found by a person, for ``lifetime`` at most: answers on their way, logs, backups."""

    name: StoreName
    lifetime: timedelta
    method: ErasureMethod = ErasureMethod.AGED_OUT

    async def locate(self, tenant_id: Id, trace: Trace) -> Located:
        return Located()

    async def erase(self, tenant_id: Id, items: Sequence[Item]) -> None:
        """Time does."""

    async def remaining(self, tenant_id: Id, items: Sequence[Item]) -> int:
        return 0

    async def purge(self, tenant_id: Id, since: datetime) -> PurgeState:
        return PurgeState.AGES_OUT if self.lifetime else PurgeState.PURGED

    def horizon(self, as_of: datetime) -> datetime | None:
        return as_of + self.lifetime if self.lifetime else None


@dataclass(frozen=True, slots=True)
class ProcessorStore:
    """Calls that sent something of the person outside: kept, so that who has it stays known until it is gone there."""

    ledger: Ledger
    lifetime: timedelta
    name = StoreName.PROCESSORS
    method = ErasureMethod.AGED_OUT

    async def locate(self, tenant_id: Id, trace: Trace) -> Located:
        refs = trace.documents | trace.versions | trace.questions
        async with self.ledger.read() as uow:
            calls = await uow.personal.calls_about(tenant_id, refs)
        return Located(kept=tuple(Kept(item, OUTSIDE) for item in items_of(self.name, ItemKind.CALL, calls)))

    async def erase(self, tenant_id: Id, items: Sequence[Item]) -> None:
        """Nothing of ours."""

    async def remaining(self, tenant_id: Id, items: Sequence[Item]) -> int:
        return 0

    async def purge(self, tenant_id: Id, since: datetime) -> PurgeState:
        return PurgeState.AGES_OUT

    def horizon(self, as_of: datetime) -> datetime | None:
        return as_of + self.lifetime
