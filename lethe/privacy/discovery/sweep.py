"""The sweep: every text of the tenant is opened and searched for the person. Slow, and the truth.

It goes by pages and remembers nothing between them but where it is, so it may be stopped and resumed anywhere.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from lethe.model.documents import Version
from lethe.model.ids import Id
from lethe.model.texts import SealedText, TextPlace
from lethe.ports.keyring import KeyRing, SecretPurpose
from lethe.ports.ledger import Ledger
from lethe.privacy.discovery.judging import Confidence, judged
from lethe.privacy.discovery.matches import Match, Reason
from lethe.privacy.discovery.opening import open_chunk, open_text, open_version
from lethe.privacy.discovery.person import Person

VERSIONS_PAGE: Final = 20
TEXTS_PAGE: Final = 200
CHUNKS_SLICE: Final = 50
_PLACES: Final = tuple(TextPlace)
_OF_TENANT: Final = frozenset({TextPlace.GLOSSARY})
"""Opened by a secret of the tenant's."""


@dataclass(frozen=True, slots=True)
class SweepCursor:
    """After which row of which place the next page begins."""

    place: TextPlace = TextPlace.VERSION
    after: Id | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Where the person was found. ``chunk_id`` and ``part`` say which text of a version; ``group`` is the version of a
    letter, the ingestion of a refusal: whatever the row belongs to.
    """

    place: TextPlace
    ref: Id
    group: Id | None
    chunk_id: Id | None
    part: str
    start: int
    end: int
    reason: Reason
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class SweepPage:
    """``texts``: how many were searched; those whose key is gone are erased already."""

    found: tuple[Found, ...]
    texts: int
    next: SweepCursor | None


@dataclass(frozen=True, slots=True)
class _Place:
    """A match, before one knows how much the rest of its document says."""

    chunk_id: Id | None
    part: str
    match: Match


@dataclass(frozen=True, slots=True)
class Sweep:
    """``linked``: versions their uploader declared to be about the person."""

    ledger: Ledger
    keyring: KeyRing
    tenant_id: Id
    person: Person
    linked: frozenset[Id] = frozenset()

    async def page(self, cursor: SweepCursor) -> SweepPage:
        """Search the page at the cursor."""
        if cursor.place is TextPlace.VERSION:
            return await self._versions(cursor)
        return await self._texts(cursor)

    async def _versions(self, cursor: SweepCursor) -> SweepPage:
        async with self.ledger.read() as uow:
            versions = await uow.texts.versions_after(self.tenant_id, cursor.after, VERSIONS_PAGE)
        keys = await self.keyring.get_many(self.tenant_id, [version.id for version in versions])
        opened = {version.id: version for version in versions if version.id in keys}
        places: dict[Id, list[_Place]] = {version_id: [] for version_id in opened}
        texts = [
            (version.id, None, part, text)
            for version in opened.values()
            for part, text in open_version(keys[version.id], version)
        ]
        count, start = 0, 0
        while texts:
            # Searching takes CPU time: whoever else is on this loop goes on meanwhile.
            await asyncio.to_thread(self._search, texts, places)
            count += len(texts)
            async with self.ledger.read() as uow:
                chunks = await uow.chunks.of_versions(self.tenant_id, list(opened), start, start + CHUNKS_SLICE)
            texts = [
                (chunk.version_id, chunk.id, part, text)
                for chunk in chunks
                for part, text in open_chunk(keys[chunk.version_id], chunk)
            ]
            start += CHUNKS_SLICE
        found = tuple(each for version in opened.values() for each in self._judged(version, places[version.id]))
        is_full = len(versions) == VERSIONS_PAGE
        following = SweepCursor(cursor.place, versions[-1].id) if is_full else await self._following(cursor)
        return SweepPage(found, count, following)

    def _search(self, texts: Sequence[tuple[Id, Id | None, str, str]], places: dict[Id, list[_Place]]) -> None:
        for version_id, chunk_id, part, text in texts:
            places[version_id] += (_Place(chunk_id, part, match) for match in self.person.find(text))

    def _judged(self, version: Version, places: Sequence[_Place]) -> Iterable[Found]:
        confidences = judged([place.match for place in places], is_linked=version.id in self.linked)
        sure = {id(match): confidence for match, confidence in confidences}
        for place in places:
            match = place.match
            if id(match) in sure:
                yield Found(
                    TextPlace.VERSION,
                    version.id,
                    version.document_id,
                    place.chunk_id,
                    place.part,
                    match.start,
                    match.end,
                    match.reason,
                    sure[id(match)],
                )

    async def _texts(self, cursor: SweepCursor) -> SweepPage:
        async with self.ledger.read() as uow:
            sealed = await uow.texts.after(self.tenant_id, cursor.place, cursor.after, TEXTS_PAGE)
        keys = await self.keyring.get_many(self.tenant_id, {text.key_id for text in sealed if text.key_id})
        secret = (
            await self.keyring.secret(self.tenant_id, SecretPurpose.GLOSSARY) if cursor.place in _OF_TENANT else None
        )
        opened = [
            (text, open_text(key, cursor.place, text))
            for text in sealed
            if (key := keys.get(text.key_id) if text.key_id else secret) is not None
        ]
        found = await asyncio.to_thread(self._search_texts, cursor.place, opened)
        is_full = len(sealed) >= TEXTS_PAGE
        following = SweepCursor(cursor.place, sealed[-1].ref) if is_full else await self._following(cursor)
        return SweepPage(tuple(found), len(opened), following)

    def _search_texts(self, place: TextPlace, opened: Sequence[tuple[SealedText, str]]) -> list[Found]:
        return [
            Found(place, text.ref, text.key_id, None, "", match.start, match.end, match.reason, confidence)
            for text, clear in opened
            for match, confidence in judged(self.person.find(clear), is_linked=False)
        ]

    async def _following(self, cursor: SweepCursor) -> SweepCursor | None:
        """The beginning of the next place that holds anything: most hold nothing in most tenants."""
        async with self.ledger.read() as uow:
            held = await uow.texts.places(self.tenant_id)
        left = _PLACES[_PLACES.index(cursor.place) + 1 :]
        return next((SweepCursor(place) for place in left if place in held), None)
