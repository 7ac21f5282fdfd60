"""A vector build that is not the active one follows the ledger: it applies what commits after its own seq changed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import groupby
from typing import Final

from lethe.contracts.indexing import BuildRef, Followed
from lethe.errors import EmbedderUnavailable, IndexBuildMissing
from lethe.indexing.audit.builds import Filler
from lethe.indexing.paging import PAGE, pages
from lethe.model.documents import Document, Version
from lethe.model.ids import Id
from lethe.model.indexes import OVER, Artefact, ArtefactState, ArtefactStore, BuildKind, BuildState, IndexBuild, dims_of
from lethe.model.migrations import BEFORE_CUTOVER, MigrationState
from lethe.ports.clock import Clock
from lethe.ports.keyring import KeyRing
from lethe.ports.ledger import Ledger, UnitOfWork
from lethe.ports.vectors import VectorIndex
from lethe.settings import IndexingSettings

_FOLLOWS: Final = frozenset({BuildState.BUILDING, BuildState.SOAKING})


@dataclass(frozen=True, slots=True)
class Changes:
    """What the commits after a build's seq changed: all of them up to ``until``."""

    version_ids: Sequence[Id]
    until: int


@dataclass(frozen=True, slots=True)
class Follower:
    """Its place is the build's seq in the ledger, so that any step may be repeated, by anyone, at any time."""

    ledger: Ledger
    keyring: KeyRing
    index: VectorIndex
    filler: Filler
    clock: Clock
    settings: IndexingSettings

    async def step(self, ref: BuildRef) -> Followed:
        """Apply some pages of changes. A build of another kind, or that does not follow, has nothing to apply."""
        written, lag = 0, 0
        until = self.clock.now() + timedelta(seconds=self.settings.step_seconds)
        for _ in range(self.settings.pages_per_step):
            async with self.ledger.read() as uow:
                build = await uow.builds.get(ref.tenant_id, ref.build_id)
            if build is None or not _is_followed(build):
                return Followed(lag=0, written=written)
            changes = await self._changes(build)
            try:
                written += await self._apply(build, changes.version_ids)
            except IndexBuildMissing:
                await self.begin_again(build)
                continue
            lag = await self._reached(build, changes.until)
            if not lag or self.clock.now() >= until:
                break
        return Followed(lag=lag, written=written, pause_seconds=self.settings.pause_seconds)

    async def _changes(self, build: IndexBuild) -> Changes:
        limit = self.settings.page_documents
        while True:
            async with self.ledger.read() as uow:
                seq = await uow.tenants.seq(build.tenant_id)
                found = await uow.versions.changed_after(build.tenant_id, build.seq, limit + 1)
            is_all = len(found) <= limit
            # The last commit may have changed more than was read.
            whole = found if is_all else [each for each in found if each.changed_seq < found[-1].changed_seq]
            if is_all or whole:
                taken = _first_commits(whole, self.settings.page_chunks)
                is_end = is_all and len(taken) == len(whole)
                return Changes([each.id for each in taken], seq if is_end else taken[-1].changed_seq)
            limit *= 4

    async def _apply(self, build: IndexBuild, version_ids: Sequence[Id]) -> int:
        """Make the build hold the versions as the ledger has them at last, whatever changes meanwhile."""
        written = 0
        while version_ids:
            due, gone = await self._plan(build, version_ids)
            done, incomplete = await self._write(build, due)
            written += done
            if gone:
                await self.index.delete_versions(build, gone)
            version_ids = await self._changed_since(build, version_ids, due, incomplete)
        return written

    async def _plan(
        self, build: IndexBuild, version_ids: Collection[Id]
    ) -> tuple[Mapping[Id, Version], Collection[Id]]:
        """Those that the build is to hold, named as its artefacts before they are written, and those that go.

        What was replaced stays in a build that has served, as in the one that serves: questions that began before still
        read it there. Its removal, when they have ended, takes it out of every build.
        """
        tenant_id, now = build.tenant_id, self.clock.now()
        async with self.ledger.write() as uow:
            await uow.tenants.lock(tenant_id)
            due = await due_of(uow, tenant_id, version_ids)
            gone = set(version_ids).difference(due)
            current = await uow.builds.get(tenant_id, build.id)
            if gone and current is not None and current.served_from:
                gone -= await _replaced(uow, tenant_id, gone)
            await uow.artefacts.plan_many(
                [
                    Artefact(tenant_id, each, ArtefactStore.VECTOR, build.id, ArtefactState.PLANNED, now)
                    for each in sorted(due)
                ]
            )
        return due, gone

    async def _write(self, build: IndexBuild, due: Mapping[Id, Version]) -> tuple[int, set[Id]]:
        """How many objects were written, and which versions have chunks that are not to be sent to the model."""
        # A version whose key is gone is on its way out of every build.
        keys = await self.keyring.get_many(build.tenant_id, due)
        written, incomplete = 0, set[Id]()
        for page in pages([version for version in due.values() if version.id in keys], PAGE):
            versions = {version.id: version for version in page.versions}
            async with self.ledger.read() as uow:
                chunks = await uow.chunks.of_versions(build.tenant_id, list(versions), page.start, page.stop)
            done = await self.filler.write(build, chunks, versions, keys)
            written += len(done)
            if left := {chunk.id: chunk.version_id for chunk in chunks if chunk.id not in done}:
                withheld = await self.filler.withheld(build, left)
                if waiting := len(left) - len(withheld):
                    raise EmbedderUnavailable(f"{waiting} chunks have no vector of the build's model yet.")
                incomplete.update(left.values())
        return written, incomplete

    async def _changed_since(
        self, build: IndexBuild, version_ids: Sequence[Id], due: Mapping[Id, Version], incomplete: Collection[Id]
    ) -> Sequence[Id]:
        """Those that are otherwise due by now: replaced, deleted, fenced, or with other properties."""
        async with self.ledger.write() as uow:
            await uow.tenants.lock(build.tenant_id)
            now = await due_of(uow, build.tenant_id, version_ids)
            changed = [each for each in version_ids if _mark(now, each) != _mark(due, each)]
            settled = set(due).difference(changed, incomplete)
            await uow.artefacts.set_states(
                build.tenant_id, settled, ArtefactStore.VECTOR, build.id, ArtefactState.COMMITTED
            )
        return changed

    async def _reached(self, build: IndexBuild, until: int) -> int:
        """Write down how far the build came; returns how many commits are left."""
        async with self.ledger.write() as uow:
            tenant = await uow.tenants.lock(build.tenant_id)
            current = await uow.builds.get(build.tenant_id, build.id)
            if current is None or not _is_followed(current):
                return 0
            if current.seq < until:
                await uow.builds.set_seq(build.tenant_id, build.id, until)
            return tenant.seq - max(current.seq, until)

    async def begin_again(self, build: IndexBuild) -> None:
        """The store has lost the build: an older copy of it was put back, or an empty one.

        One that was retired meanwhile is lost because it was dropped, and stays so.
        """
        if not await self._is_begun_again(build):
            return
        await self.index.create_build(build, dims_of(build.spec))
        if not await self._is_begun_again(build):
            await self.index.drop_build(build)

    async def _is_begun_again(self, build: IndexBuild) -> bool:
        """Let the build follow from the beginning; False for one that nobody is to have any more."""
        async with self.ledger.write() as uow:
            await uow.tenants.lock(build.tenant_id)
            current = await uow.builds.get(build.tenant_id, build.id)
            if current is None or current.state in OVER:
                return False
            if _is_followed(current):
                await uow.builds.set_seq(build.tenant_id, build.id, 0)
            migration = await uow.migrations.get(build.tenant_id, build.id)
            if migration is not None and migration.state in BEFORE_CUTOVER:
                # What was found of it is true no more.
                await uow.migrations.update(replace(migration, state=MigrationState.BUILDING, report={}))
        return True


def _is_followed(build: IndexBuild) -> bool:
    return build.kind is BuildKind.VECTOR and build.state in _FOLLOWS


def _first_commits(versions: Sequence[Version], chunks: int) -> list[Version]:
    """Those of the first commits, which together have at most that many chunks; those of one commit at least."""
    taken: list[Version] = []
    held = 0
    for _, group in groupby(versions, key=lambda version: version.changed_seq):
        commit = list(group)
        held += sum(version.chunk_count for version in commit)
        if taken and held > chunks:
            break
        taken += commit
    return taken


async def due_of(uow: UnitOfWork, tenant_id: Id, version_ids: Collection[Id]) -> dict[Id, Version]:
    """Those that are served. A replaced one is in the builds that questions of its time read, and in no other."""
    found = await _shown(uow, tenant_id, version_ids)
    return {key: version for key, version in found.items() if version.live_until is None}


async def _replaced(uow: UnitOfWork, tenant_id: Id, version_ids: Collection[Id]) -> set[Id]:
    found = await _shown(uow, tenant_id, version_ids)
    return {key for key, version in found.items() if version.live_until is not None}


async def _shown(uow: UnitOfWork, tenant_id: Id, version_ids: Collection[Id]) -> dict[Id, Version]:
    """Those that are or were served, of documents that are neither deleted nor fenced."""
    versions = await uow.versions.get_many(tenant_id, version_ids)
    documents = await uow.documents.get_many(tenant_id, {version.document_id for version in versions.values()})
    return {
        key: version
        for key, version in versions.items()
        if version.live_from is not None and _is_shown(documents.get(version.document_id))
    }


def _is_shown(document: Document | None) -> bool:
    return document is not None and document.deleted_at is None and document.fenced_at is None


def _mark(due: Mapping[Id, Version], version_id: Id) -> int | None:
    version = due.get(version_id)
    return None if version is None else version.changed_seq
