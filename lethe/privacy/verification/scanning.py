"""Every sealed text of a tenant, opened and read for what no text may say.

What counts as saying it is what the fence hides (`Needles`): before it comes down, nothing is left for it to hide.
"""

import asyncio
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from lethe.errors import SealBroken
from lethe.model.documents import Chunk, Version
from lethe.model.ids import Id
from lethe.model.texts import TextPlace
from lethe.ports.keyring import KeyRing, SecretPurpose
from lethe.ports.ledger import Ledger
from lethe.privacy.erasure.needles import Needles, texts_of
from lethe.privacy.sealed_texts import PURPOSES
from lethe.privacy.sealing import Purpose, unseal

_PAGE: Final = 50
_CHUNKS: Final = 20
_TEXTS: Final = 200

ROWS: Final = tuple(PURPOSES)


@dataclass(frozen=True, slots=True)
class Shown:
    """``refs``: what says it; versions with the documents they are of."""

    texts: int
    refs: dict[Id, Id]


@dataclass(frozen=True, slots=True)
class TextScan:
    ledger: Ledger
    keyring: KeyRing
    tenant_id: Id
    needles: Needles

    async def versions(self) -> Shown:
        """Titles, addresses, metadata and chunks of every version, whatever its state."""
        texts, refs, after = 0, dict[Id, Id](), None
        while True:
            async with self.ledger.read() as uow:
                page = await uow.texts.versions_after(self.tenant_id, after, _PAGE)
            keys = await self.keyring.get_many(self.tenant_id, [version.id for version in page])
            opened = [(version.id, text) for version in page for text in _of_version(keys.get(version.id), version)]
            texts += len(opened)
            shown = await self._showing(opened)
            start = 0
            while chunks := await self._chunks(page, start):
                opened = [
                    (each.version_id, text) for each in chunks for text in _of_chunk(keys.get(each.version_id), each)
                ]
                texts += len(opened)
                shown |= await self._showing(opened)
                start += _CHUNKS
            refs |= {version.id: version.document_id for version in page if version.id in shown}
            if len(page) < _PAGE:
                return Shown(texts, refs)
            after = page[-1].id

    async def _chunks(self, versions: Sequence[Version], start: int) -> list[Chunk]:
        async with self.ledger.read() as uow:
            return await uow.chunks.of_versions(
                self.tenant_id, [version.id for version in versions], start, start + _CHUNKS
            )

    async def rows(self, place: TextPlace) -> Shown:
        """Every row of the place."""
        texts, refs, after = 0, dict[Id, Id](), None
        secret = await self.keyring.secret(self.tenant_id, SecretPurpose.GLOSSARY)
        while True:
            async with self.ledger.read() as uow:
                page = await uow.texts.after(self.tenant_id, place, after, _TEXTS)
            keys = await self.keyring.get_many(self.tenant_id, {each.key_id for each in page if each.key_id})
            opened = [
                (each.ref, text)
                for each in page
                for text in _opened(keys.get(each.key_id) if each.key_id else secret, PURPOSES[place], each.sealed)
            ]
            texts += len(opened)
            refs |= {ref: ref for ref in await self._showing(opened)}
            if len(page) < _TEXTS:
                return Shown(texts, refs)
            after = page[-1].ref

    async def _showing(self, opened: Sequence[tuple[Id, str]]) -> set[Id]:
        # Reading takes CPU time: whoever else is on this loop goes on meanwhile.
        return await asyncio.to_thread(lambda: {ref for ref, text in opened if self.needles.hides(text)})


def _of_version(key: bytes | None, version: Version) -> Iterator[str]:
    yield from _opened(key, Purpose.TITLE, version.sealed_title)
    yield from _opened(key, Purpose.SOURCE_URI, version.sealed_source_uri)
    yield from _opened(key, Purpose.METADATA, version.sealed_metadata)


def _of_chunk(key: bytes | None, chunk: Chunk) -> Iterator[str]:
    yield from _opened(key, Purpose.CHUNK_TEXT, chunk.sealed_text)
    yield from _opened(key, Purpose.CHUNK_SECTION, chunk.sealed_section)


def _opened(key: bytes | None, purpose: Purpose, sealed: bytes) -> Iterable[str]:
    """Nothing where the key is gone, or is another: nobody else reads it either. JSON: the strings in it."""
    if key is None:
        return ()
    try:
        text = unseal(key, purpose, sealed).decode(errors="replace")
    except SealBroken:
        return ()
    if text[:1] not in {"{", "[", '"'}:
        return (text,)
    try:
        return tuple(texts_of(json.loads(text)))
    except ValueError:
        return (text,)
