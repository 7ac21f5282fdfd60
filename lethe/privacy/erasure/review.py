"""Finds that are not sure: a person says whether each is about the one to be forgotten. Silence means that it is."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from lethe.errors import ErasureFindingNotFound, ErasureNotFound, IllegalErasureMove
from lethe.model.documents import SubjectMention, Version
from lethe.model.erasures import ErasureItem, ErasureRequest, ErasureState, ItemState
from lethe.model.ids import Id
from lethe.model.personal_data import ItemKind, StoreName
from lethe.ports.clock import Clock
from lethe.ports.keyring import KeyRing
from lethe.ports.ledger import Ledger, UnitOfWork
from lethe.privacy.discovery.judging import Confidence, judged
from lethe.privacy.discovery.matches import Match, Reason
from lethe.privacy.discovery.opening import open_chunk, open_version
from lethe.privacy.discovery.person import Person
from lethe.privacy.erasure.discovery import REVIEW
from lethe.privacy.sealing import Purpose, unseal_text
from lethe.settings import ErasureSettings

MAX_PASSAGES: Final = 10
AROUND: Final = 120
CHUNKS: Final = 500
"""How far into a document passages are looked for: enough to decide by."""


class Verdict(StrEnum):
    """``KEEP``: it is about somebody else. ``ERASE``: it is about the person."""

    KEEP = "keep"
    ERASE = "erase"


_BECOMES: Final = {Verdict.KEEP: ItemState.RELEASED, Verdict.ERASE: ItemState.PLANNED}


@dataclass(frozen=True, slots=True)
class ReviewPassage:
    """Why the document is taken for the person's, with the words around."""

    part: str
    chunk_id: Id | None
    reason: Reason
    confidence: Confidence
    text: str


@dataclass(frozen=True, slots=True)
class ReviewFinding:
    """A version that waits for a verdict until ``decide_by``, or has one."""

    version_id: Id
    document_id: Id | None
    state: ItemState
    decide_by: datetime
    passages: tuple[ReviewPassage, ...] = ()


def decided(item: ErasureItem, verdict: Verdict, as_of: datetime) -> ErasureItem:
    """The item with the verdict; the same verdict again changes nothing. Raises IllegalErasureMove for another one."""
    state = _BECOMES[verdict]
    if item.state is state:
        return item
    if item.state is not ItemState.IN_REVIEW:
        raise IllegalErasureMove(f"a find that is {item.state} is decided")
    return replace(item, state=state, updated_at=as_of)


@dataclass(frozen=True, slots=True)
class Reviews:
    """What waits for a verdict; whoever calls has checked the right to erase."""

    ledger: Ledger
    keyring: KeyRing
    clock: Clock
    settings: ErasureSettings

    async def page(self, tenant_id: Id, erasure_id: Id, after: Id | None, limit: int) -> list[ReviewFinding]:
        """In order of the versions' ids. Raises ErasureNotFound, KeyDestroyed once the erasure has forgotten whom."""
        async with self.ledger.read() as uow:
            request = await _request(uow, tenant_id, erasure_id)
            position = (StoreName.DOCUMENTS.value, ItemKind.VERSION.value, after) if after else None
            items = await uow.erasures.items(
                tenant_id,
                erasure_id,
                store=StoreName.DOCUMENTS.value,
                states=[ItemState.IN_REVIEW],
                after=position,
                limit=limit,
            )
            versions = await uow.versions.get_many(tenant_id, {item.ref for item in items})
        person = await self._person(request) if items else Person(())
        return [await self._shown(request, item, versions.get(item.ref), person) for item in items]

    async def decide(self, tenant_id: Id, erasure_id: Id, version_id: Id, verdict: Verdict) -> ReviewFinding:
        """Raises ErasureNotFound, ErasureFindingNotFound; IllegalErasureMove when the review is over."""
        async with self.ledger.write() as uow:
            await uow.tenants.lock(tenant_id)
            request = await _request(uow, tenant_id, erasure_id)
            item = await _item(uow, request, version_id)
            now = decided(item, verdict, self.clock.now())
            if now is not item:
                if request.state is not ErasureState.IN_REVIEW:
                    raise IllegalErasureMove(f"an erasure that is {request.state} is not in review")
                await uow.erasures.put_items([now])
            version = await uow.versions.get(tenant_id, version_id)
        return ReviewFinding(version_id, version.document_id if version else None, now.state, self._end(request))

    def _end(self, request: ErasureRequest) -> datetime:
        return request.updated_at + timedelta(seconds=self.settings.review_seconds)

    async def _shown(
        self, request: ErasureRequest, item: ErasureItem, version: Version | None, person: Person
    ) -> ReviewFinding:
        passages: tuple[ReviewPassage, ...] = ()
        if version is not None:
            passages = await self._passages(version, person)
        document_id = version.document_id if version else None
        return ReviewFinding(item.ref, document_id, item.state, self._end(request), passages)

    async def _passages(self, version: Version, person: Person) -> tuple[ReviewPassage, ...]:
        keys = await self.keyring.get_many(version.tenant_id, [version.id])
        if version.id not in keys:
            return ()
        key = keys[version.id]
        async with self.ledger.read() as uow:
            chunks = await uow.chunks.of_version(version.tenant_id, version.id, 0, CHUNKS)
        texts: list[tuple[str, Id | None, str]] = [(part, None, text) for part, text in open_version(key, version)]
        texts += ((part, chunk.id, text) for chunk in chunks for part, text in open_chunk(key, chunk))
        places = [(part, ref, text, match) for part, ref, text in texts for match in person.find(text)]
        sure = {id(match): how for match, how in judged([place[3] for place in places], is_linked=False)}
        shown = [place for place in places if id(place[3]) in sure][:MAX_PASSAGES]
        return tuple(
            ReviewPassage(part, ref, match.reason, sure[id(match)], _around(text, match))
            for part, ref, text, match in shown
        )

    async def _person(self, request: ErasureRequest) -> Person:
        key = await self.keyring.get(request.tenant_id, request.id)
        async with self.ledger.read() as uow:
            identifiers = await uow.erasures.identifiers(request.tenant_id, request.id)
        return Person.of(
            SubjectMention(each.kind.value, unseal_text(key, Purpose.ERASURE_IDENTIFIER, each.sealed_identifier))
            for each in identifiers
        )


def _around(text: str, match: Match) -> str:
    return text[max(0, match.start - AROUND) : match.end + AROUND]


async def _request(uow: UnitOfWork, tenant_id: Id, erasure_id: Id) -> ErasureRequest:
    request = await uow.erasures.get(tenant_id, erasure_id)
    if request is None:
        raise ErasureNotFound
    return request


async def _item(uow: UnitOfWork, request: ErasureRequest, version_id: Id) -> ErasureItem:
    """A version that was put into the review: such an item has its code, whatever it became."""
    item = await uow.erasures.item(
        request.tenant_id, request.id, StoreName.DOCUMENTS.value, ItemKind.VERSION.value, version_id
    )
    if item is None or item.code != REVIEW or item.state not in {ItemState.IN_REVIEW, *_BECOMES.values()}:
        raise ErasureFindingNotFound
    return item
