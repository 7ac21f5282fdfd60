"""The steps of a round that makes versions anew of the stored bytes. Each may be repeated.

The new version is taken in like any upload, so the one of before is served until it is live: nobody sees a gap.
"""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from lethe.contracts.reindexing import (
    ReindexedPage,
    ReindexPage,
    ReindexRef,
    ReindexReport,
    ReindexTally,
    ReindexWait,
)
from lethe.errors import DocumentConflict, KeyDestroyed, LetheError
from lethe.indexing.migration.targets import Target
from lethe.ingestion.metadata import IN_FLIGHT, open_fields
from lethe.ingestion.requests import Outcome, Receipt, UploadRequest
from lethe.ingestion.revision import PipelineRevision
from lethe.ingestion.steps.pipeline import awaits_release
from lethe.ingestion.uploads import Uploads
from lethe.model.documents import Document, Version
from lethe.model.ids import Id
from lethe.model.indexes import NIL_ID, BuildKind, BuildState
from lethe.model.principals import Caller, Role
from lethe.model.reindexing import Reindex, ReindexReason, ReindexState
from lethe.ports.ledger import UnitOfWork
from lethe.privacy.processors import cost_micros
from lethe.privacy.sealing import Purpose, unseal_stream
from lethe.settings import AnsweringSettings

LOOKED_AT: Final = 200
BEGUN_MOST: Final = 20
"""Documents on their way at once: questions and uploads come first."""


@dataclass(frozen=True, slots=True)
class Reindexing:
    """``targets``: every model that is configured, the one of new tenants first."""

    uploads: Uploads
    prices: AnsweringSettings
    targets: Sequence[Target]
    tokens_per_second: float

    async def page(self, page: ReindexPage) -> ReindexedPage:
        """The next served versions; those that the pipeline would make otherwise now are counted, and begun."""
        found = await self._look(page)
        await self._store(page.reindex, page.so_far.plus(found.tally))
        return found

    async def _look(self, page: ReindexPage) -> ReindexedPage:
        tenant_id = page.reindex.tenant_id
        async with self.uploads.ledger.read() as uow:
            reindex = await uow.reindexes.get(tenant_id, page.reindex.reindex_id)
            ids = await uow.audits.served_versions_after(tenant_id, page.after, LOOKED_AT)
            versions = await uow.versions.get_many(tenant_id, ids)
        if reindex is None:
            return ReindexedPage(after=None, tally=ReindexTally())
        tally, begun, after = ReindexTally(), list[Id](), page.after
        for version_id in ids:
            after = version_id
            version = versions.get(version_id)
            reasons = reasons_of(version, self.uploads.revision) if version else frozenset[ReindexReason]()
            if version is None or reasons.isdisjoint(reindex.reasons):
                continue
            found, made = await self._one(reindex, version, reasons)
            tally = tally.plus(found)
            begun += made
            if len(begun) == BEGUN_MOST:
                return ReindexedPage(after=after, tally=tally, begun=begun)
        return ReindexedPage(after=after if len(ids) == LOOKED_AT else None, tally=tally, begun=begun)

    async def waiting(self, wait: ReindexWait) -> int:
        """How many are still on their way; one that failed is a dead letter, and the one of before is served.

        Nobody waits for one whose document was restricted meanwhile: that may take years.
        """
        tenant_id = wait.reindex.tenant_id
        async with self.uploads.ledger.read() as uow:
            found = await uow.versions.get_many(tenant_id, wait.versions)
            coming = [version for version in found.values() if version.status in IN_FLIGHT]
            documents = await uow.documents.get_many(tenant_id, {version.document_id for version in coming})
        return sum(not awaits_release(documents.get(version.document_id), version) for version in coming)

    async def finish(self, report: ReindexReport) -> None:
        """Store what was found; nothing more follows."""
        await self._store(report.reindex, report.tally, ended_at=self.uploads.clock.now())

    async def _store(self, ref: ReindexRef, tally: ReindexTally, ended_at: datetime | None = None) -> None:
        """With what it costs, and how long it takes, at most."""
        async with self.uploads.ledger.write() as uow:
            reindex = await uow.reindexes.get(ref.tenant_id, ref.reindex_id)
            if ended_at is not None:
                await uow.dispatches.delete_for(ref.tenant_id, [ref.reindex_id])
            if reindex is None or reindex.ended_at is not None:
                return
            target = await self._target(uow, ref.tenant_id)
            price = self.prices.price(target.processor) if target.processor else None
            counted = replace(
                reindex,
                state=ReindexState.RUNNING if ended_at is None else ReindexState.DONE,
                ended_at=ended_at,
                cost_micros=cost_micros(price, tally.tokens, 0, 0) if price else 0,
                currency=self.prices.currency,
                seconds=target.seconds(tally.chunks, tally.tokens, self.tokens_per_second),
                **tally.model_dump(),
            )
            await uow.reindexes.update(counted)

    async def _target(self, uow: UnitOfWork, tenant_id: Id) -> Target:
        """The model that the tenant's index is of; else the one a new index would be."""
        builds = [each for each in await uow.builds.list(tenant_id) if each.kind is BuildKind.VECTOR]
        active = {each.spec for each in builds if each.state is BuildState.ACTIVE}
        return next((each for each in self.targets if each.spec.key in active), self.targets[0])

    async def _one(
        self, reindex: Reindex, version: Version, reasons: Collection[ReindexReason]
    ) -> tuple[ReindexTally, list[Id]]:
        async with self.uploads.ledger.read() as uow:
            tokens = await uow.reindexes.tokens(version.tenant_id, [version.id])
            document = await uow.documents.get(version.tenant_id, version.document_id)
            coming = await _coming(uow, version, self.uploads.revision)
        named = {reason.value: 1 for reason in reasons}
        tally = ReindexTally(matched=1, chunks=version.chunk_count, tokens=tokens, **named)
        if reindex.dry_run:
            return tally, []
        if coming:
            return tally.model_copy(update={"begun": 1}), coming
        if document is None or document.restricted_at is not None:
            return tally.model_copy(update={"skipped": 1}), []
        try:
            receipt = await self._begin(document, version)
        except (DocumentConflict, KeyDestroyed):
            return tally.model_copy(update={"skipped": 1}), []
        except LetheError as error:
            if error.retryable():
                raise
            return tally.model_copy(update={"failed": 1}), []
        became = {Outcome.UPDATED: "begun", Outcome.KNOWN_POISON: "failed"}.get(receipt.outcome, "skipped")
        return tally.model_copy(update={became: 1}), [receipt.version_id] if became == "begun" else []

    async def _begin(self, document: Document, version: Version) -> Receipt:
        """Take the bytes in again, with all that the document has. Raises DocumentConflict if a later upload came."""
        key = await self.uploads.keyring.get(version.tenant_id, version.id)
        request = UploadRequest(
            source_uri=open_fields(key, version).source_uri,
            filename=f"document{version.filename_suffix}",
            media_type=version.media_type,
            is_renewal=False,
            remakes=version.id,
        )
        caller = Caller(document.tenant_id, NIL_ID, Role.ADMIN, frozenset(version.readers))
        return await self.uploads.receive(caller, request, self._bytes(key, version))

    async def _bytes(self, key: bytes, version: Version) -> AsyncIterator[bytes]:
        async for piece in unseal_stream(key, Purpose.ORIGINAL, self.uploads.blobs.read(version.blob_key)):
            yield piece


async def _coming(uow: UnitOfWork, version: Version, revision: PipelineRevision) -> list[Id]:
    """A later version of the document that is on its way and made by the pipeline of now."""
    siblings = await uow.versions.of_document(version.tenant_id, version.document_id)
    later = [each for each in siblings if each.submission > version.submission and each.status in IN_FLIGHT]
    return [each.id for each in later if not reasons_of(each, revision)][-1:]


def reasons_of(version: Version, revision: PipelineRevision) -> frozenset[ReindexReason]:
    """What of the pipeline is another than the version was made by."""
    parts = {
        ReindexReason.PARSER: (version.made_by_parser, revision.parser),
        ReindexReason.CHUNKER: (version.made_by_chunker, revision.chunker),
        ReindexReason.POLICY: (version.made_by_policy, revision.policy),
    }
    return frozenset(reason for reason, (then, now) in parts.items() if then != now)
