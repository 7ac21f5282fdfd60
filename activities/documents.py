"""What happens to a document besides its ingestion: failures kept, deletions, broken uploads. On the control queue."""

from dataclasses import dataclass
from datetime import timedelta

from temporalio import activity

from lethe.contracts.ingestion import Attention, DeletionPlan, DocumentRef, Dropped, Reaped, StepFailure
from lethe.ingestion.deletion import Deletions
from lethe.ingestion.failures import FailureJournal
from lethe.ports.clock import Clock
from lethe.ports.keyring import KeyRing
from lethe.privacy.retention import (
    expire_cached_answers,
    expire_deliveries,
    expire_dispatches,
    expire_idempotency,
    expire_ingestions,
    expire_letters,
    expire_processor_calls,
    restart_erasures,
)
from lethe.settings import CacheSettings, LimitSettings, RetentionSettings, WebhookSettings
from lethe.telemetry import DEAD_LETTERS, DOCUMENTS, ERASURE_OLDEST


@dataclass(frozen=True)
class DocumentActivities:
    """Dead letters, deletion, and what is kept for a time only (``limits``)."""

    journal: FailureJournal
    deletions: Deletions
    keyring: KeyRing
    clock: Clock
    limits: LimitSettings
    retention: RetentionSettings
    webhooks: WebhookSettings
    caching: CacheSettings

    @activity.defn
    async def open_dead_letter(self, failure: StepFailure) -> Attention:
        attention = await self.journal.open(failure)
        if attention.is_wanted:
            DOCUMENTS.labels("failed").inc()
            DEAD_LETTERS.labels(failure.code).inc()
        return attention

    @activity.defn
    async def close_dead_letter(self, failure: StepFailure) -> None:
        await self.journal.close(failure)

    @activity.defn
    async def plan_deletion(self, ref: DocumentRef) -> DeletionPlan:
        return await self.deletions.plan(ref)

    @activity.defn
    async def finish_deletion(self, ref: DocumentRef) -> Dropped:
        return await self.deletions.finish(ref)

    @activity.defn
    async def reap_receiving(self) -> Reaped:
        return await self.deletions.reap_receiving(self.clock.now() - timedelta(hours=self.limits.receiving_hours))

    @activity.defn
    async def expire_idempotency(self) -> int:
        before = self.clock.now() - timedelta(hours=self.limits.idempotency_hours)
        return await expire_idempotency(self.deletions.ledger, self.keyring, before)

    @activity.defn
    async def expire_ingestions(self) -> int:
        before = self.clock.now() - timedelta(days=self.limits.ingestion_days)
        return await expire_ingestions(self.deletions.ledger, self.keyring, before)

    @activity.defn
    async def expire_letters(self) -> int:
        before = self.clock.now() - timedelta(days=self.retention.dead_letter_days)
        return await expire_letters(self.deletions.ledger, before)

    @activity.defn
    async def expire_processor_calls(self) -> int:
        before = self.clock.now() - timedelta(days=self.limits.processor_call_days)
        return await expire_processor_calls(self.deletions.ledger, before)

    @activity.defn
    async def expire_cached_answers(self) -> int:
        before = self.clock.now() - timedelta(seconds=self.caching.seconds)
        return await expire_cached_answers(self.deletions.ledger, before)

    @activity.defn
    async def expire_deliveries(self) -> int:
        before = self.clock.now() - timedelta(days=self.webhooks.delivery_days)
        return await expire_deliveries(self.deletions.ledger, before)

    @activity.defn
    async def expire_dispatches(self) -> int:
        """Also asks for a run of every erasure without an end: none may wait for somebody to notice that it failed."""
        oldest = await restart_erasures(self.deletions.ledger, self.clock.now())
        ERASURE_OLDEST.set((self.clock.now() - oldest).total_seconds() if oldest else 0)
        before = self.clock.now() - timedelta(days=self.limits.dispatch_days)
        return await expire_dispatches(self.deletions.ledger, before)
