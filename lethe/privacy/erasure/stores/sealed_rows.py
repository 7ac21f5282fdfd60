"""Rows beside documents that may say somebody's name: opened one by one, and compared with the identifiers."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from lethe.errors import SealBroken
from lethe.model.documents import SubjectMention
from lethe.model.ids import Id
from lethe.model.personal_data import Item, ItemKind, Kept, StoreName, Trace
from lethe.ports.keyring import KeyRing, SecretPurpose
from lethe.ports.ledger import Ledger
from lethe.ports.ledger.personal import SealedRow
from lethe.ports.personal_data import Located
from lethe.privacy.erasure.stores.base import Deleting, items_of, refs_of
from lethe.privacy.identifiers import SearchedText, text_key
from lethe.privacy.sealing import Purpose, unseal

PAGE: Final = 200

CONFIGURATION: Final = "tenant_configuration"
"""The code of why a glossary or webhook stays: the tenant's admins wrote it, and what works by it must go on."""

_PURPOSES: Final[Mapping[ItemKind, Purpose]] = {
    ItemKind.LETTER: Purpose.FAILURE,
    ItemKind.RESPONSE: Purpose.IDEMPOTENCY,
    ItemKind.INGESTION: Purpose.OPTIONS,
    ItemKind.REFUSAL: Purpose.REFUSED_NAME,
    ItemKind.SELECTION: Purpose.WISH,
    ItemKind.QUARANTINE: Purpose.PREFIX,
    ItemKind.WEBHOOK: Purpose.WEBHOOK_URL,
    ItemKind.GLOSSARY: Purpose.GLOSSARY,
}

_OWN_KEYS: Final = (ItemKind.RESPONSE, ItemKind.INGESTION, ItemKind.SELECTION, ItemKind.QUARANTINE)
"""Rows whose reference is also the id of the key that sealed them, and nothing else that stays."""

_KEPT: Final = frozenset({ItemKind.WEBHOOK, ItemKind.GLOSSARY})


@dataclass(frozen=True, slots=True)
class SealedRows:
    """Finds rows by what they say."""

    ledger: Ledger
    keyring: KeyRing

    async def saying(self, tenant_id: Id, kind: ItemKind, identifiers: Sequence[SubjectMention]) -> list[str]:
        """References of the rows of the kind that say one of the identifiers."""
        keys = [(each.kind, text_key(each.kind, each.value)) for each in identifiers]
        wanted = [(kind_, key) for kind_, key in keys if key]
        found, after = list[str](), ""
        while wanted:
            async with self.ledger.read() as uow:
                rows = await uow.personal.sealed_rows(tenant_id, kind, after, PAGE)
            for ref, text in await self._opened(tenant_id, kind, rows):
                searched = SearchedText.of(text)
                if any(searched.holds(kind_, key) for kind_, key in wanted):
                    found.append(ref)
            if len(rows) < PAGE:
                break
            after = rows[-1].ref
        return found

    async def _opened(self, tenant_id: Id, kind: ItemKind, rows: Sequence[SealedRow]) -> list[tuple[str, str]]:
        keys = await self.keyring.get_many(tenant_id, {row.key_id for row in rows if row.key_id})
        of_tenant = await self.keyring.secret(tenant_id, SecretPurpose.GLOSSARY)
        return [
            (row.ref, text)
            for row in rows
            if (key := keys.get(row.key_id) if row.key_id else of_tenant)
            and (text := _open(key, _PURPOSES[kind], row.sealed))
        ]


def _open(key: bytes, purpose: Purpose, sealed: bytes) -> str:
    """Empty for what does not open any more: nobody reads it either."""
    try:
        text = unseal(key, purpose, sealed).decode(errors="replace")
    except SealBroken:
        return ""
    # JSON writes letters beyond ASCII as escapes.
    return text.encode().decode("unicode_escape", errors="replace") if "\\u" in text else text


@dataclass(frozen=True, slots=True)
class LetterStore(Deleting):
    """Dead letters of the versions that go, and those whose detail says an identifier."""

    rows: SealedRows
    name = StoreName.DEAD_LETTERS

    async def locate(self, tenant_id: Id, trace: Trace) -> Located:
        async with self.rows.ledger.read() as uow:
            own = await uow.personal.letters_of(tenant_id, trace.versions)
        saying = await self.rows.saying(tenant_id, ItemKind.LETTER, trace.wanted.identifiers)
        return Located(items_of(self.name, ItemKind.LETTER, {*own, *saying}))

    async def erase(self, tenant_id: Id, items: Sequence[Item]) -> None:
        await _forget(self.rows.ledger, tenant_id, items)

    async def remaining(self, tenant_id: Id, items: Sequence[Item]) -> int:
        return await _count(self.rows.ledger, tenant_id, items, (ItemKind.LETTER,))


@dataclass(frozen=True, slots=True)
class RequestStore(Deleting):
    """What callers sent and were told: by what it says, and what the person asked for himself."""

    rows: SealedRows
    name = StoreName.REQUESTS

    async def locate(self, tenant_id: Id, trace: Trace) -> Located:
        items = [item for kind in (*_OWN_KEYS, ItemKind.REFUSAL) for item in await self._saying(tenant_id, kind, trace)]
        kept = [item for kind in sorted(_KEPT) for item in await self._saying(tenant_id, kind, trace)]
        return Located(tuple(items), tuple(Kept(item, CONFIGURATION) for item in kept))

    async def _saying(self, tenant_id: Id, kind: ItemKind, trace: Trace) -> tuple[Item, ...]:
        refs = await self.rows.saying(tenant_id, kind, trace.wanted.identifiers)
        return items_of(self.name, kind, refs)

    async def erase(self, tenant_id: Id, items: Sequence[Item]) -> None:
        await self.rows.keyring.destroy(tenant_id, refs_of(items, *_OWN_KEYS))
        await _forget(self.rows.ledger, tenant_id, items)

    async def remaining(self, tenant_id: Id, items: Sequence[Item]) -> int:
        return await _count(self.rows.ledger, tenant_id, items, (*_OWN_KEYS, ItemKind.REFUSAL))


async def _forget(ledger: Ledger, tenant_id: Id, items: Sequence[Item]) -> None:
    for some in _item_batches(items):
        async with ledger.write() as uow:
            for item in some:
                await uow.personal.forget_row(tenant_id, item.kind, item.ref)


def _item_batches(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), PAGE):
        yield items[start : start + PAGE]


async def _count(ledger: Ledger, tenant_id: Id, items: Sequence[Item], kinds: Collection[ItemKind]) -> int:
    async with ledger.read() as uow:
        return sum([await uow.personal.count(tenant_id, kind, refs_of(items, kind)) for kind in kinds])
