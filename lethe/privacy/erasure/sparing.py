"""What an erasure has found and may not take after all: somebody restricted it, or a hold on another one keeps it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from lethe.contracts.erasure import ErasureRound
from lethe.model.erasures import ErasureItem, ItemState
from lethe.model.ids import Id
from lethe.model.personal_data import Item, ItemKind, Kept, Trace
from lethe.ports.clock import Clock
from lethe.ports.ledger import Ledger, UnitOfWork
from lethe.ports.personal_data import Located
from lethe.privacy.erasure.fencing import hide
from lethe.privacy.erasure.manifest import PAGE, as_item
from lethe.privacy.erasure.stores.documents import KEPT, RESTRICTED, SERVED, UNRESTRICTED
from lethe.privacy.holds import holds_in, kept_of

_GROUP: Final = 200


@dataclass(frozen=True, slots=True)
class Sparing:
    """May be repeated."""

    ledger: Ledger
    clock: Clock

    async def spare(self, now: ErasureRound, items: Collection[Item]) -> frozenset[Id]:
        """Documents that the items name, and their versions, that stay with all that is theirs until a release.

        What goes as a whole is hidden from here on, if it was not: nobody restricts that any more.
        """
        at = self.clock.now()
        whole = {item.ref for item in items if item.kind is ItemKind.DOCUMENT}
        alone = {item.ref for item in items if item.kind is ItemKind.VERSION}
        async with self.ledger.write() as uow:
            await uow.tenants.lock(now.tenant_id)
            versions = await uow.versions.get_many(now.tenant_id, alone)
            named = whole | {each.document_id for each in versions.values()}
            kept = await kept_of(uow, now.tenant_id, (await uow.documents.get_many(now.tenant_id, named)).values())
            await hide(uow, now.tenant_id, whole - kept, at)
            if not kept:
                return frozenset()
            own = await uow.versions.of_documents(now.tenant_id, kept)
            theirs = {version.id for each in own.values() for version in each}
            with_them = {
                *await uow.personal.chunks_of(now.tenant_id, sorted(theirs)),
                *await uow.personal.letters_of(now.tenant_id, theirs),
                *await uow.personal.questions_about(now.tenant_id, kept, theirs),
            }
            # In the same unit: a release looks for who waits, under the same lock.
            await hold(uow, now, {*kept, *theirs, *with_them}, RESTRICTED, at)
        return kept | theirs

    async def spare_held(self, now: ErasureRound) -> None:
        """Questions, letters and whatever else is no document stays with the erasure that is held."""
        async with self.ledger.write() as uow:
            await uow.tenants.lock(now.tenant_id)
            if held := (await holds_in(uow, now.tenant_id)).others:
                await hold(uow, now, held, RESTRICTED, self.clock.now(), with_people=False)


async def hold(
    uow: UnitOfWork, now: ErasureRound, refs: Collection[Id], code: str, at: datetime, *, with_people: bool = True
) -> None:
    """Whatever else of these is planned stays for now; whom they name stays with them."""
    after: tuple[str, str, str] | None = None
    while True:
        page = await uow.erasures.items(
            now.tenant_id, now.erasure_id, states=[ItemState.PLANNED], after=after, limit=PAGE
        )
        theirs = [row for row in page if row.ref in refs or (with_people and row.kind == ItemKind.SUBJECT)]
        held = [replace(row, state=ItemState.HELD, code=code, round=now.round, updated_at=at) for row in theirs]
        await uow.erasures.put_items(held)
        if len(page) < PAGE:
            return
        after = (page[-1].store, page[-1].kind, page[-1].ref)


async def settle(uow: UnitOfWork, tenant_id: Id, rows: Sequence[ErasureItem], at: datetime) -> None:
    """Write what a round has just found, the part that is not written yet. In a unit that holds the tenant's lock.

    What was to stay when it was looked for, and was released since, waits for no other release.
    """
    await uow.erasures.put_items(rows[:PAGE])
    stays = [row for row in rows if row.state is ItemState.HELD and row.code == RESTRICTED]
    if not stays:
        return
    versions = await uow.versions.get_many(tenant_id, {row.ref for row in stays if row.kind == ItemKind.VERSION})
    whole = {row.ref for row in stays if row.kind == ItemKind.DOCUMENT}
    named = whole | {version.document_id for version in versions.values()}
    documents = await uow.documents.get_many(tenant_id, named)
    kept = await kept_of(uow, tenant_id, documents.values())
    still = kept | {each for each, version in versions.items() if version.document_id in kept}
    freed = [row for row in stays if row.ref not in still]
    if any(row.kind not in {ItemKind.DOCUMENT, ItemKind.VERSION} for row in freed):
        others = (await holds_in(uow, tenant_id)).others
        freed = [row for row in freed if row.ref not in others]
    await uow.erasures.put_items([replace(row, code=UNRESTRICTED) for row in freed])
    # What waited for the release may be served by now, and be about somebody else.
    replaced = {each.id for each in documents.values() if each.live_version_id not in {None, *versions}}
    await hide(uow, tenant_id, whole - kept - replaced, at)


async def let_go(ledger: Ledger, tenant_id: Id, known: Mapping[Item, ErasureItem]) -> list[Item]:
    """What was held besides a version, and went with its rows when somebody deleted that, or the document."""
    held = [row for row in known.values() if row.state is ItemState.HELD and row.code in KEPT]
    chunks = [row for row in held if row.kind == ItemKind.CHUNK]
    others = [row for row in held if row.kind not in {ItemKind.VERSION, ItemKind.CHUNK, ItemKind.KEY}]
    if not held:
        return []
    async with ledger.read() as uow:
        there = {row.ref for row in others if await uow.personal.count(tenant_id, ItemKind(row.kind), [row.ref])}
        for some in _groups(chunks):
            there |= {chunk.id for chunk in await uow.chunks.some(tenant_id, [row.ref for row in some])}
    gone = {row.ref for row in others + chunks} - there
    return [as_item(row) for row in held if row.ref in gone]


def keep_held(located: Located, held: Collection[Id]) -> tuple[list[Item], list[Kept]]:
    """What goes, and what stays, also because another erasure that is held has found it."""
    stays = [*located.kept, *(Kept(item, RESTRICTED) for item in located.items if item.ref in held)]
    return [item for item in located.items if item.ref not in held], stays


def given_back(
    known: Mapping[Item, ErasureItem], trace: Trace, planned: Collection[Item]
) -> list[tuple[Item, ItemState, str]]:
    """Documents that were to go whole after a release, and are somebody else's by now: nobody waits for them."""
    waits = {*trace.documents, *trace.restricted_whole}
    return [
        (item, ItemState.HELD, SERVED)
        for item, row in known.items()
        if item.kind is ItemKind.DOCUMENT and row.state is ItemState.HELD and row.code in {RESTRICTED, UNRESTRICTED}
        if item.ref not in waits and item not in planned
    ]


def stays_otherwise(row: ErasureItem, reason: str) -> bool:
    """Whether it still stays, but for another reason: what is released may say something of others, too."""
    return row.state is ItemState.HELD and row.code in KEPT and row.code != reason


def _groups(rows: Sequence[ErasureItem]) -> list[Sequence[ErasureItem]]:
    return [rows[start : start + _GROUP] for start in range(0, len(rows), _GROUP)]
