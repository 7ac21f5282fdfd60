"""What most stores answer alike."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from lethe.model.erasures import ErasureMethod, PurgeState
from lethe.model.ids import Id
from lethe.model.personal_data import Item, ItemKind, StoreName


class Deleting:
    """A store that keeps nothing of what it deletes: its content is ciphertext under a destroyed key, or is gone."""

    method = ErasureMethod.DELETED

    async def purge(self, tenant_id: Id, since: datetime) -> PurgeState:
        return PurgeState.PURGED

    def horizon(self, as_of: datetime) -> datetime | None:
        return None


def refs_of(items: Iterable[Item], *kinds: ItemKind) -> list[Id]:
    return sorted({item.ref for item in items if item.kind in kinds})


def items_of(store: StoreName, kind: ItemKind, refs: Collection[Id]) -> tuple[Item, ...]:
    return tuple(Item(store, kind, ref) for ref in sorted(refs))


def batches(refs: Sequence[Id], size: int) -> list[Sequence[Id]]:
    return [refs[start : start + size] for start in range(0, len(refs), size)]
