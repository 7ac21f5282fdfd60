"""switch: versions become the live ones in one transaction, under one lock (P2); the last submission wins."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from lethe.errors import IndexBuildMissing, IndexVerificationFailed
from lethe.indexing.builds import active_vector_build
from lethe.ingestion.steps.indexing import index_versions, unverified
from lethe.ingestion.steps.pipeline import Pipeline, wanted_of
from lethe.model.documents import Document, Status, Version
from lethe.model.ids import Id
from lethe.model.operations import DeadLetterState
from lethe.model.webhooks import WebhookEvent
from lethe.ports.ledger import UnitOfWork
from lethe.webhooks.telling import Happening, tell

MAX_LOOKS: Final = 5
"""How often builds may be made or changed while a version is on its way into them."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a switch found or did.

    ``live_from`` holds, for each version that is or was live, since when; versions that are in none of these lost to a
    later submission or were deleted. ``replaced`` were live before; ``abandoned`` failed before. ``waiting``: of
    restricted documents; what is served of them when they are released is what was served before.
    """

    live_from: dict[Id, int] = field(default_factory=dict[Id, int])
    replaced: list[Id] = field(default_factory=list[Id])
    abandoned: list[Id] = field(default_factory=list[Id])
    waiting: list[Id] = field(default_factory=list[Id])


async def switch_versions(pipeline: Pipeline, tenant_id: Id, version_ids: Sequence[Id]) -> Turn:
    """Make live those of the versions that are still wanted. A repeat finds its own work done.

    Two submissions of one document among them: the later one. A version that was live stays told as such, also when a
    later submission is live by now: questions may still be reading it. What is not in a build that came to be written
    after it was indexed is indexed again first.
    """
    for _ in range(MAX_LOOKS):
        now = pipeline.clock.now()
        async with pipeline.ledger.write() as uow:
            await uow.tenants.lock(tenant_id)
            given = await uow.versions.get_many(tenant_id, version_ids)
            before = [version for version in given.values() if version.live_from is not None]
            turning, waiting = await _to_turn(uow, tenant_id, [v.id for v in given.values() if v.live_from is None])
            unwritten = await _unwritten(uow, tenant_id, turning)
            if not unwritten:
                turned = await _turn(uow, tenant_id, turning, now) if turning else []
                return replace(await _told(uow, tenant_id, [*before, *turned]), waiting=waiting)
        build, unwanted = await index_versions(pipeline, tenant_id, unwritten)
        again = [version for version in unwritten if version.id not in unwanted]
        if wrong := await unverified(pipeline, build, again):
            raise IndexVerificationFailed(f"{len(wrong)} of {len(again)} versions are not as they were written.")
    raise IndexBuildMissing


async def _unwritten(uow: UnitOfWork, tenant_id: Id, versions: Sequence[Version]) -> list[Version]:
    """Those that are not in the active vector build, or not in every open keyword build."""
    ids = [version.id for version in versions]
    if not ids:
        return []
    missing: set[Id] = set()
    for build in (await active_vector_build(uow, tenant_id), *await uow.builds.open_keywords(tenant_id)):
        missing |= set(ids) - await uow.artefacts.committed(tenant_id, ids, build.id)
    return [version for version in versions if version.id in missing]


async def _to_turn(uow: UnitOfWork, tenant_id: Id, version_ids: Collection[Id]) -> tuple[list[Version], list[Id]]:
    """Of each document the last submission among those that are wanted; and those that wait.

    That is for a release, or for being read: one that was left out while its document was restricted has no chunks (a
    document without text is refused), and would go live empty.
    """
    last: dict[Id, Version] = {}
    wanted = (await wanted_of(uow, tenant_id, version_ids)).values()
    documents = await uow.documents.get_many(tenant_id, {version.document_id for version in wanted})
    waiting = [
        version.id
        for version in wanted
        if documents[version.document_id].restricted_at is not None or not version.chunk_count
    ]
    for version in wanted:
        rival = last.get(version.document_id)
        if version.id not in waiting and (rival is None or rival.submission < version.submission):
            last[version.document_id] = version
    return list(last.values()), waiting


async def _turn(uow: UnitOfWork, tenant_id: Id, turning: Sequence[Version], now: datetime) -> list[Version]:
    documents = await uow.documents.get_many(tenant_id, [version.document_id for version in turning])
    seq = await uow.tenants.advance(tenant_id)
    replaced = await uow.versions.get_many(
        tenant_id, [d.live_version_id for d in documents.values() if d.live_version_id]
    )
    await uow.versions.update_many(
        [replace(old, live_until=seq, changed_seq=seq, updated_at=now) for old in replaced.values()]
    )
    turned = [
        replace(version, status=Status.READY, live_from=seq, changed_seq=seq, updated_at=now) for version in turning
    ]
    await uow.versions.update_many(turned)
    siblings = await uow.versions.of_documents(tenant_id, list(documents))
    await uow.documents.update_many(
        [_shown(documents[version.document_id], version, siblings[version.document_id], now) for version in turned]
    )
    readers = await uow.documents.readers(tenant_id, list(documents))
    for version in turned:
        if readers.get(version.document_id, ()) != tuple(sorted(version.readers)):
            await uow.documents.set_readers(tenant_id, version.document_id, version.readers)
    await uow.dead_letters.set_states(tenant_id, [version.id for version in turned], DeadLetterState.RESOLVED, now)
    build = await active_vector_build(uow, tenant_id)
    for each in (build, *await uow.builds.open_keywords(tenant_id)):
        await uow.builds.set_seq(tenant_id, each.id, seq)
    await uow.tallies.count(tenant_id, now, ready=len(turned))
    for version in turned:
        await tell(uow, _completed(version), now)
    await _count(uow, tenant_id, turned, documents)
    return turned


def _completed(version: Version) -> Happening:
    return Happening(
        tenant_id=version.tenant_id,
        event=WebhookEvent.DOCUMENT_COMPLETED,
        occasion=version.id,
        document_id=version.document_id,
        version_id=version.id,
        counts={"chunks": version.chunk_count},
    )


def _shown(document: Document, live: Version, siblings: Sequence[Version], now: datetime) -> Document:
    """The document with its live version and the status of its newest; see lethe.ingestion.shown."""
    newest = [sibling for sibling in siblings if sibling.status is not Status.RECEIVING][-1]
    return replace(
        document,
        status=newest.status,
        live_version_id=live.id,
        live_submission=live.submission,
        updated_at=now,
    )


async def _count(uow: UnitOfWork, tenant_id: Id, turned: Sequence[Version], documents: dict[Id, Document]) -> None:
    """In the unit that makes it true, so that no repeat counts twice, whoever drove the version."""
    counts = Counter(
        (version.ingestion_id, documents[version.document_id].live_version_id is None)
        for version in turned
        if version.ingestion_id is not None
    )
    for (ingestion_id, is_new), number in sorted(counts.items(), key=str):
        added, updated = (number, 0) if is_new else (0, number)
        await uow.ingestions.count(tenant_id, str(ingestion_id), added=added, updated=updated)


async def _told(uow: UnitOfWork, tenant_id: Id, live: Sequence[Version]) -> Turn:
    """Everything earlier submissions left, whoever should have removed it."""
    turn = Turn()
    siblings = await uow.versions.of_documents(tenant_id, {version.document_id for version in live})
    for version in live:
        turn.live_from[version.id] = version.live_from or 0
        earlier = [s for s in siblings[version.document_id] if s.submission < version.submission]
        turn.replaced.extend(sibling.id for sibling in earlier if sibling.live_until is not None)
        turn.abandoned.extend(sibling.id for sibling in earlier if sibling.status is Status.FAILED)
    return turn
