"""An upload whose bytes need no version of their own: the live one has them, or one that is about to be live."""

from dataclasses import dataclass

from lethe.ingestion.metadata import IN_FLIGHT, MAY_GO_LIVE, Change, write_metadata
from lethe.ingestion.planning import Planned, claim_taking
from lethe.ingestion.requests import Outcome, Receipt
from lethe.model.documents import Status, Version
from lethe.ports.clock import Clock
from lethe.ports.keyring import KeyRing
from lethe.ports.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Settles such an upload: its fields go to the live version, and its ingestion counts it."""

    ledger: Ledger
    keyring: KeyRing
    clock: Clock

    async def settle(self, planned: Planned, content_fp: str) -> Receipt | None:
        """What is answered if the bytes need no version of their own; None if they do."""
        live = await self._live_if_same(planned.version, content_fp)
        if live is not None:
            return await self._change_nothing_or_metadata(planned, live)
        waiting = await self._waiting_if_same(planned, content_fp)
        if waiting is None:
            return None
        await self._count_settled(planned, Outcome.SKIPPED, waiting)
        return Receipt(waiting.document_id, waiting.id, "", waiting.status, Outcome.SKIPPED)

    async def _waiting_if_same(self, planned: Planned, content_fp: str) -> Version | None:
        """The submission before, if the same ingestion is about to bring in the same by it: a request was repeated.

        Subjects are not compared, so an upload that names some is never the same.
        """
        if planned.taking is None or planned.request.subjects:
            return None
        async with self.ledger.read() as uow:
            siblings = await uow.versions.of_document(planned.version.tenant_id, planned.version.document_id)
        # Its fields may have been changed while the bytes came.
        mine = next((sibling for sibling in siblings if sibling.id == planned.version.id), None)
        if mine is None:
            return None
        before = next((s for s in reversed(siblings) if s.submission < mine.submission), None)
        if before is None or before.position is None or before.status not in IN_FLIGHT:
            return None
        same = (mine.ingestion_id, mine.epoch, content_fp, mine.meta_fp)
        return before if (before.ingestion_id, before.epoch, before.content_fp, before.meta_fp) == same else None

    async def _live_if_same(self, version: Version, content_fp: str) -> Version | None:
        """The live version, if it has this content and no other version may still replace it.

        One that failed may: it is driven again, and would win over a submission that left no version of its own.
        """
        async with self.ledger.read() as uow:
            document = await uow.documents.get(version.tenant_id, version.document_id)
            siblings = await uow.versions.of_document(version.tenant_id, version.document_id)
        if document is None or document.live_version_id is None or document.epoch != version.epoch:
            return None
        live = next((sibling for sibling in siblings if sibling.id == document.live_version_id), None)
        others = [s for s in siblings if s.id != version.id and s.submission > document.live_submission]
        if live is None or live.content_fp != content_fp or any(s.status in MAY_GO_LIVE for s in others):
            return None
        return live

    async def _change_nothing_or_metadata(self, planned: Planned, live: Version) -> Receipt:
        change = Change(planned.caller, live, planned.request, planned.version.submission, linked_by=planned.version.id)
        workflow_id = await write_metadata(self.ledger, self.keyring, self.clock, change)
        outcome = Outcome.METADATA_UPDATED if workflow_id else Outcome.SKIPPED
        await self._count_settled(planned, outcome, live)
        return Receipt(live.document_id, live.id, workflow_id, Status.READY, outcome)

    async def _count_settled(self, planned: Planned, outcome: Outcome, met: Version) -> None:
        """What the ingestion itself took in before is not counted again: its request was repeated."""
        taking = planned.taking
        if taking is None:
            return
        updated = int(outcome is Outcome.METADATA_UPDATED)
        async with self.ledger.write() as uow:
            await uow.tenants.lock(planned.version.tenant_id)
            await claim_taking(uow, planned.version.tenant_id, taking)
            if updated:  # it had work, which is done already
                await uow.ingestions.give(planned.version.tenant_id, taking.ingestion_id)
            await uow.ingestions.count(
                planned.version.tenant_id,
                taking.ingestion_id,
                updated=updated,
                skipped=int(not updated and met.ingestion_id != taking.ingestion_id),
                entry=taking.entry,
            )
