"""One batch: up to a few dozen documents through the steps of an ingestion, with transactions shared between them.

A repeat looks into the ledger first: what is live is told as such, chunks and vectors that are stored are used. One bad
document never fails the batch; a store that does not answer does, and the whole batch is tried again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, TypeVar

from lethe.contracts.bulk import BatchDone, BulkBatch, FailedVersion
from lethe.contracts.ingestion import VersionRef
from lethe.errors import (
    IndexVerificationFailed,
    IndexWriteFailed,
    LetheError,
    Unavailable,
    WorkerStopping,
)
from lethe.indexing.builds import active_vector_build
from lethe.indexing.paging import Page, pages
from lethe.ingestion.bulk.tally import Tally, awaiting
from lethe.ingestion.failures import FailureJournal
from lethe.ingestion.removal import VersionRemover
from lethe.ingestion.steps.embedding import give_vectors
from lethe.ingestion.steps.indexing import index_versions, unverified
from lethe.ingestion.steps.pipeline import Pipeline, wanted_of
from lethe.ingestion.steps.reading import Cut, cut_into_chunks, forget_elements, read_elements, told_type, with_cut
from lethe.ingestion.steps.switching import switch_versions
from lethe.model.documents import Status, Version
from lethe.model.ids import Id

TOGETHER: Final = 10
"""Documents read, embedded and written together: what is told as finished after each of them."""
EMBED_PAGE: Final = 128
"""Chunks embedded at a time, and paid again at most when a worker dies."""
READS: Final = 2
"""Documents of a batch that are parsed at once."""

T = TypeVar("T")
ReadBatch = list[tuple[Version, Cut]]


@dataclass(frozen=True, slots=True)
class Reporter:
    """What the process that runs a batch wants to know and to say.

    ``finished`` is called with the number of documents that need nothing more; ``reach`` names a place for fault tests.
    """

    finished: Callable[[int], None]
    is_stopping: Callable[[], bool]
    reach: Callable[[str], None]
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Batches:
    """Brings batches in."""

    pipeline: Pipeline
    remover: VersionRemover
    journal: FailureJournal

    async def bring_in(self, batch: BulkBatch, reporter: Reporter) -> BatchDone:
        """Bring in what is still wanted of the batch. May be repeated.

        Raises WorkerStopping between documents when the process is to end, and what a store raises that is down.
        """
        tally = Tally()
        waiting, kept = await self._look_up(batch)
        done = len(batch.version_ids) - len(waiting)
        written: list[Version] = []
        for start in range(0, len(waiting), TOGETHER):
            reporter.finished(done + start)
            if reporter.is_stopping():
                raise WorkerStopping
            written += await self._write(waiting[start : start + TOGETHER], tally, reporter)
        await self._refuse_unverified(batch.tenant_id, written, tally, reporter)
        reporter.reach("switch:before")
        done_here = await self._switch(batch, tally, kept)
        reporter.reach("switch:after")
        return done_here

    async def _look_up(self, batch: BulkBatch) -> tuple[list[Version], list[Id]]:
        """The versions that have work left, shown as being worked on; and those that wait for a release."""
        tenant_id, now = batch.tenant_id, self.pipeline.clock.now()
        async with self.pipeline.ledger.write() as uow:
            await uow.tenants.lock(tenant_id)
            wanted = await wanted_of(uow, tenant_id, batch.version_ids)
            waiting = [version for version in wanted.values() if version.live_from is None]
            documents = await uow.documents.get_many(tenant_id, {version.document_id for version in waiting})
            kept = [version.id for version in waiting if documents[version.document_id].restricted_at is not None]
            waiting = [version for version in waiting if version.id not in kept]
            fresh = [version for version in waiting if version.status is Status.PENDING]
            await uow.versions.update_many([replace(v, status=Status.PARSING, updated_at=now) for v in fresh])
            begun = {version.document_id for version in fresh}
            await uow.documents.update_many(
                [
                    replace(documents[each], status=Status.PARSING)
                    for each in sorted(begun)
                    if documents[each].status is Status.PENDING
                ]
            )
        order = {version_id: place for place, version_id in enumerate(batch.version_ids)}
        return sorted(waiting, key=lambda version: order[version.id]), kept

    async def _write(self, versions: Sequence[Version], tally: Tally, reporter: Reporter) -> list[Version]:
        """Read, chunk, embed and index; returns what is in the index and still wanted."""
        pipeline, tenant_id = self.pipeline, versions[0].tenant_id
        reporter.reach("read:before")
        read = await self._read([version for version in versions if not version.chunk_count], tally, reporter)
        reporter.reach("read:after")
        chunked = await self._keep_chunks(tenant_id, read)
        reporter.reach("chunk:after")
        ready = [version for version in versions if version.chunk_count] + chunked
        ready = await self._embed(tenant_id, ready, tally, reporter)
        reporter.reach("embed:after")
        if not ready:
            return []
        try:
            _, unwanted = await index_versions(pipeline, tenant_id, ready)
        except IndexWriteFailed:
            # One of them is refused: alone, each fails for itself.
            unwanted = await self._index_one_by_one(ready, tally, reporter)
        reporter.reach("index:after")
        return [version for version in ready if version.id not in unwanted]

    async def _read(self, versions: Sequence[Version], tally: Tally, reporter: Reporter) -> ReadBatch:
        slots = asyncio.Semaphore(READS)
        read: ReadBatch = []

        async def one(version: Version) -> None:
            async with slots:
                typed = await self._typed(version, tally, reporter)
                if typed is None:
                    return
                parsed = await self._guarded(
                    typed, "parse_document", tally, reporter, lambda: read_elements(self.pipeline, typed)
                )
                if parsed is None:
                    return
                cut = await self._guarded(
                    typed, "chunk_document", tally, reporter, lambda: cut_into_chunks(self.pipeline, typed, parsed)
                )
                if cut is not None:
                    read.append((typed, cut))

        # All end before an error is raised: none may work on behind the back of a retry.
        for error in await asyncio.gather(*(one(version) for version in versions), return_exceptions=True):
            if error is not None:
                raise error
        return read

    async def _typed(self, version: Version, tally: Tally, reporter: Reporter) -> Version | None:
        media_type = await self._guarded(
            version, "validate_document", tally, reporter, lambda: told_type(self.pipeline, version)
        )
        return None if media_type is None else replace(version, media_type=media_type)

    async def _guarded(
        self,
        version: Version,
        step: str,
        tally: Tally,
        reporter: Reporter,
        work: Callable[[], Awaitable[T]],
    ) -> T | None:
        """The work's result; None if the document itself is at fault, which is kept. Raises Unavailable."""
        try:
            return await work()
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001  (whatever a document causes is that document's failure)
            await self._fail(version, step, error, tally, reporter)
            return None

    async def _fail(self, version: Version, step: str, error: Exception, tally: Tally, reporter: Reporter) -> None:
        ref = VersionRef(tenant_id=version.tenant_id, version_id=version.id)
        await self.journal.note(ref, step, error, reporter.attempt)
        code = error.code if isinstance(error, LetheError) else LetheError.code
        tally.failed.append(FailedVersion(**ref.model_dump(), step=step, code=code))

    async def _keep_chunks(self, tenant_id: Id, read: ReadBatch) -> list[Version]:
        """Store the chunks of those that are still wanted, and returns these as they are now."""
        if not read:
            return []
        kept: list[Version] = []
        async with self.pipeline.ledger.write() as uow:
            await uow.tenants.lock(tenant_id)
            current = await wanted_of(uow, tenant_id, [version.id for version, _ in read])
            for version, cut in read:
                if version.id in current:
                    kept.append(replace(with_cut(current[version.id], cut), media_type=version.media_type))
            await uow.versions.update_many(kept)
            await uow.chunks.replace_many(tenant_id, {v.id: cut.chunks for v, cut in read if v.id in current})
        for version, _ in read:
            if version.id not in current:
                # Deleted while it was read: whoever removed the version may have been here before this blob was.
                await forget_elements(self.pipeline, version)
        return kept

    async def _embed(
        self, tenant_id: Id, versions: Sequence[Version], tally: Tally, reporter: Reporter
    ) -> list[Version]:
        for page in pages(versions, EMBED_PAGE):
            wanted = [version for version in page.versions if not tally.is_failed(version)]
            if not wanted:
                continue
            try:
                await self._embed_page(tenant_id, replace(page, versions=tuple(wanted)), tally, reporter)
            except Unavailable:
                raise
            except LetheError:
                # The model refused the texts; whose, it does not say: alone, each document fails for itself.
                for version in wanted:
                    alone = partial(self._embed_page, tenant_id, replace(page, versions=(version,)), tally, reporter)
                    await self._guarded(version, "embed_chunks", tally, reporter, alone)
        return [version for version in versions if not tally.is_failed(version)]

    async def _embed_page(self, tenant_id: Id, page: Page, tally: Tally, reporter: Reporter) -> None:
        embedder = await self.pipeline.serving_model(tenant_id)
        ids = [version.id for version in page.versions]
        async with self.pipeline.ledger.read() as uow:
            chunks = await uow.chunks.of_versions(tenant_id, ids, page.start, page.stop)
            done = await uow.chunks.vectors_of(tenant_id, ids, embedder.spec.key, page.start, page.stop)
        missing = [chunk for chunk in chunks if chunk.id not in done]
        embedded = await give_vectors(
            self.pipeline, embedder, tenant_id, missing, computed=lambda: reporter.reach("embed:computed")
        )
        tally.computed += embedded.computed
        tally.reused += embedded.reused + len(done)

    async def _index_one_by_one(self, versions: Sequence[Version], tally: Tally, reporter: Reporter) -> frozenset[Id]:
        left: set[Id] = set()
        for version in versions:
            try:
                left |= (await index_versions(self.pipeline, version.tenant_id, [version]))[1]
            except IndexWriteFailed as error:
                await self._fail(version, "index_version", error, tally, reporter)
                left.add(version.id)
        return frozenset(left)

    async def _refuse_unverified(
        self, tenant_id: Id, written: Sequence[Version], tally: Tally, reporter: Reporter
    ) -> None:
        if not written:
            return
        async with self.pipeline.ledger.read() as uow:
            build = await active_vector_build(uow, tenant_id)
            there = await uow.artefacts.committed(tenant_id, [version.id for version in written], build.id)
        # A build that became the active one meanwhile gets the others, verified too, before they are switched.
        wrong = set(await unverified(self.pipeline, build, [version for version in written if version.id in there]))
        for version in written:
            if version.id in wrong:
                await self._fail(version, "verify_version", IndexVerificationFailed(), tally, reporter)

    async def _switch(self, batch: BulkBatch, tally: Tally, kept: Sequence[Id]) -> BatchDone:
        """All that came this far go live under one lock; what lost is removed, whatever it left.

        ``kept`` were not read, for their documents were restricted: they wait, though a release came meanwhile.
        """
        tenant_id = batch.tenant_id
        tally.failed.extend(awaiting(tenant_id, each) for each in kept)
        failed = await self._still_wanted(tenant_id, tally.failed)
        ids = {each.version_id for each in failed}
        turn = await switch_versions(self.pipeline, tenant_id, [each for each in batch.version_ids if each not in ids])
        waiting = [awaiting(tenant_id, each) for each in turn.waiting]
        settled = {*ids, *turn.live_from, *turn.waiting}
        lost = [each for each in batch.version_ids if each not in settled]
        await self.remover.remove_many(tenant_id, lost)
        return BatchDone(
            ready=len(turn.live_from),
            lost=len(lost),
            replaced=len(turn.replaced),
            computed=tally.computed,
            reused=tally.reused,
            failed=[*failed, *waiting],
            abandoned=turn.abandoned[:500],
        )

    async def _still_wanted(self, tenant_id: Id, failed: Sequence[FailedVersion]) -> list[FailedVersion]:
        """Without those whose document was deleted or overtaken meanwhile, which may be why they failed."""
        async with self.pipeline.ledger.read() as uow:
            wanted = await wanted_of(uow, tenant_id, [each.version_id for each in failed])
        return [each for each in failed if each.version_id in wanted]
