"""Rows beside documents and questions that say somebody's name: what failed, what callers sent and were told."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from lethe.model.ids import Id
from lethe.model.personal_data import Item, ItemKind, Kept, StoreName, Trace
from lethe.ports.keyring import KeyRing
from lethe.ports.ledger import Ledger
from lethe.ports.personal_data import Located
from lethe.privacy.erasure.stores.base import Deleting, items_of, refs_of

PAGE: Final = 200

CONFIGURATION: Final = "tenant_configuration"
"""The code of why a glossary, webhook or source stays: the tenant's admins wrote it, and what works by it goes on."""

UNREAD: Final = "unread_archive"
"""The code of why what was said of an archive stays until that is read, or given up."""

_OWN_KEYS: Final = (ItemKind.RESPONSE, ItemKind.INGESTION, ItemKind.SELECTION, ItemKind.QUARANTINE)
"""Rows whose reference is also the id of the key that sealed them, and nothing else that stays."""

_REQUESTS: Final = (*_OWN_KEYS, ItemKind.REFUSAL, ItemKind.LISTED)
_KEPT: Final = (ItemKind.GLOSSARY, ItemKind.WEBHOOK, ItemKind.SOURCE)


@dataclass(frozen=True, slots=True)
class LetterStore(Deleting):
    """Dead letters of the versions that go, and those whose detail shows the person."""

    ledger: Ledger
    name = StoreName.DEAD_LETTERS

    async def locate(self, tenant_id: Id, trace: Trace) -> Located:
        async with self.ledger.read() as uow:
            own = await uow.personal.letters_of(tenant_id, trace.versions)
        return Located(items_of(self.name, ItemKind.LETTER, {*own, *_showing(trace, ItemKind.LETTER)}))

    async def erase(self, tenant_id: Id, items: Sequence[Item]) -> None:
        await _forget(self.ledger, tenant_id, items)

    async def remaining(self, tenant_id: Id, items: Sequence[Item]) -> int:
        async with self.ledger.read() as uow:
            return await uow.personal.count(tenant_id, ItemKind.LETTER, refs_of(items, ItemKind.LETTER))


@dataclass(frozen=True, slots=True)
class RequestStore(Deleting):
    """What callers sent and were told, where it shows the person."""

    ledger: Ledger
    keyring: KeyRing
    name = StoreName.REQUESTS

    async def locate(self, tenant_id: Id, trace: Trace) -> Located:
        unread = await self._unread(tenant_id, _showing(trace, ItemKind.INGESTION))
        items = [item for kind in _REQUESTS for item in items_of(self.name, kind, _showing(trace, kind) - unread)]
        configured = [item for kind in _KEPT for item in items_of(self.name, kind, _showing(trace, kind))]
        kept = [Kept(item, CONFIGURATION) for item in configured]
        kept += [Kept(item, UNREAD) for item in items_of(self.name, ItemKind.INGESTION, unread)]
        return Located(tuple(items), tuple(kept))

    async def _unread(self, tenant_id: Id, ingestion_ids: frozenset[Id]) -> frozenset[Id]:
        """Those whose archive, others' documents in it, opens with the key of what is to go."""
        async with self.ledger.read() as uow:
            found = [await uow.ingestions.get(tenant_id, each) for each in sorted(ingestion_ids)]
        return frozenset(each.id for each in found if each and each.archive_key and not each.state.is_final)

    async def erase(self, tenant_id: Id, items: Sequence[Item]) -> None:
        await self.keyring.destroy(tenant_id, refs_of(items, *_OWN_KEYS))
        await _forget(self.ledger, tenant_id, items)

    async def remaining(self, tenant_id: Id, items: Sequence[Item]) -> int:
        async with self.ledger.read() as uow:
            return sum([await uow.personal.count(tenant_id, kind, refs_of(items, kind)) for kind in _REQUESTS])


def _showing(trace: Trace, kind: ItemKind) -> frozenset[Id]:
    return frozenset(ref for of, ref in trace.rows if of is kind)


async def _forget(ledger: Ledger, tenant_id: Id, items: Sequence[Item]) -> None:
    for some in _batches(items):
        async with ledger.write() as uow:
            for item in some:
                await uow.personal.forget_row(tenant_id, item.kind, item.ref)


def _batches(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), PAGE):
        yield items[start : start + PAGE]
