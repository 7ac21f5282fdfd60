"""What no text that is served may hold while a fence stands: the identifiers of the open requests."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from lethe.model.erasures import ErasureIdentifier
from lethe.model.ids import Id
from lethe.ports.keyring import KeyRing
from lethe.ports.ledger import Ledger
from lethe.privacy.identifiers import SearchedText, text_key
from lethe.privacy.sealing import Purpose, unseal_text


@dataclass(frozen=True, slots=True)
class Needles:
    """Identifiers as texts show them, each (kind, `text_key`). Held for one request, never longer."""

    keys: frozenset[tuple[str, str]] = frozenset()

    def hides(self, *texts: str) -> bool:
        """Whether one of them stands in a text."""
        return bool(self.keys) and any(self._found(text) for text in texts if text)

    def _found(self, text: str) -> bool:
        searched = SearchedText.of(text)
        return any(searched.holds(kind, key) for kind, key in self.keys)


def texts_of(value: object) -> Iterator[str]:
    """Every text in a value that was read from JSON: as it stands in JSON, escapes hide where a word begins."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in cast("dict[str, object]", value).values():
            yield from texts_of(each)
    elif isinstance(value, list):
        for each in cast("list[object]", value):
            yield from texts_of(each)


NO_NEEDLES = Needles()


async def open_needles(keyring: KeyRing, tenant_id: Id, identifiers: Sequence[ErasureIdentifier]) -> Needles:
    """Unseal them. One whose key is destroyed belongs to a request that has ended: nothing of it is left to hide."""
    if not identifiers:
        return NO_NEEDLES
    keys = await keyring.get_many(tenant_id, {each.erasure_id for each in identifiers})
    opened = {
        (each.kind.value, unseal_text(keys[each.erasure_id], Purpose.ERASURE_IDENTIFIER, each.sealed_identifier))
        for each in identifiers
        if each.erasure_id in keys
    }
    return Needles(frozenset((kind, text_key(kind, value)) for kind, value in opened))


async def standing_needles(ledger: Ledger, keyring: KeyRing, tenant_id: Id) -> Needles:
    """Of every fence of the tenant that stands now; almost always none, for one indexed read."""
    async with ledger.read() as uow:
        identifiers = await uow.erasures.fenced_identifiers(tenant_id)
    return await open_needles(keyring, tenant_id, identifiers)
