"""Failures are kept (P7): each failed step is a row with its cause, sealed; Temporal sees the code only."""

import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from lethe.contracts.ingestion import Attention, StepFailure, VersionRef
from lethe.errors import AwaitsRelease, FailureClass, KeyDestroyed, LetheError, Place, StepTimedOut, by_code
from lethe.ingestion.shown import show_newest
from lethe.ingestion.steps.pipeline import wanted_of
from lethe.model.documents import Status, Version
from lethe.model.ids import Id, new_id
from lethe.model.operations import DeadLetter, DeadLetterState, DispatchKind
from lethe.model.webhooks import WebhookEvent
from lethe.model.workflow_ids import dispatch_id
from lethe.ports.clock import Clock
from lethe.ports.keyring import KeyRing
from lethe.ports.ledger import Ledger, UnitOfWork
from lethe.privacy.sealing import Purpose, seal_text
from lethe.settings import FailureSettings, LimitSettings
from lethe.telemetry import FAILING_DOCUMENTS, FAILURE_RATIO_EXCEEDED, INGESTION_FAILURE_RATIO
from lethe.webhooks.telling import Happening, tell

MAX_DETAIL = 4_000
"""Characters of a cause that are kept."""
READING: Final = frozenset({"validate_document", "parse_document", "chunk_document"})
"""Steps that handle the bytes themselves: one whose worker dies every time may be dying of them."""


@dataclass(frozen=True, slots=True)
class Noted:
    """What is told of one failure. ``attempts``: of the step when noted, of the ingestion when opened."""

    step: str
    cause: type[LetheError]
    failure_class: FailureClass
    attempts: int
    state: DeadLetterState
    detail: str = ""
    place: Place = field(default_factory=Place)
    opening_id: Id | None = None


@dataclass(frozen=True, slots=True)
class FailureJournal:
    """Writes dead letters: noted at each failed attempt, opened when the step gives up."""

    ledger: Ledger
    keyring: KeyRing
    clock: Clock
    limits: LimitSettings
    failures: FailureSettings

    async def note(
        self, ref: VersionRef, step: str, error: BaseException, attempt: int, place: Place | None = None
    ) -> None:
        """Keep the real cause of a failed attempt; a version whose key is gone keeps nothing.

        ``place`` is where the step was at, for an error that does not say so itself. That a document is restricted is
        no failure.
        """
        if isinstance(error, AwaitsRelease):
            return
        cause = error if isinstance(error, LetheError) else LetheError()
        detail = cause.detail if cause is error else "".join(traceback.format_exception(error))[-MAX_DETAIL:]
        noted = Noted(
            step=step,
            cause=type(cause),
            failure_class=cause.failure_class,
            attempts=attempt,
            state=DeadLetterState.ATTEMPTING,
            detail=detail,
            place=place if place and cause.place == Place() else cause.place,
        )
        key = await self._key(ref)
        if key is None:
            return
        async with self.ledger.write() as uow:
            await self._put(uow, key, ref, noted)

    async def open(self, failure: StepFailure) -> Attention:
        """The step gave up: open its dead letter and show the document as failed. Telling it again counts once.

        For a document that was deleted or overtaken meanwhile nothing is opened: nobody would ever decide.
        """
        ref, cause = failure.version, by_code(failure.code)
        is_worn_out = _is_suspect(cause, failure.step) and failure.attempts > self.failures.unknown_drives
        drive_again = cause.retryable() and not is_worn_out
        noted = Noted(
            step=failure.step,
            cause=cause,
            failure_class=FailureClass.POISON if is_worn_out else cause.failure_class,
            attempts=failure.attempts,
            state=DeadLetterState.OPEN,
            opening_id=failure.failure_id or new_id(),
        )
        key = await self._key(ref)
        async with self.ledger.write() as uow:
            await uow.tenants.lock(ref.tenant_id)
            if not await wanted_of(uow, ref.tenant_id, [ref.version_id]):
                return Attention(
                    failure_class=noted.failure_class.value,
                    may_wait=False,
                    wait_seconds=0,
                    drive_again=False,
                    is_wanted=False,
                )
            await self._show_failed(uow, ref)
            if key is not None:
                letter, is_first = await self._put(uow, key, ref, noted)
                if letter is not None and is_first:
                    await self._count(uow, letter, is_final=not drive_again)
            waiting = await uow.dead_letters.waiting(ref.tenant_id)
        return Attention(
            failure_class=noted.failure_class.value,
            # What may heal by itself is never closed because others wait.
            may_wait=drive_again or waiting <= self.limits.attention_waiting,
            wait_seconds=self.limits.attention_days * 86_400,
            drive_again=drive_again,
        )

    async def close(self, failure: StepFailure) -> None:
        """Nobody decided in time: the letter stays, but nothing waits for it any more."""
        ref = failure.version
        async with self.ledger.write() as uow:
            await uow.dead_letters.set_state(ref.tenant_id, ref.version_id, DeadLetterState.CLOSED, self.clock.now())

    async def _key(self, ref: VersionRef) -> bytes | None:
        try:
            return await self.keyring.get(ref.tenant_id, ref.version_id)
        except KeyDestroyed:
            return None

    async def _show_failed(self, uow: UnitOfWork, ref: VersionRef) -> None:
        now = self.clock.now()
        version = await uow.versions.get(ref.tenant_id, ref.version_id)
        if version is None or version.live_from is not None or version.status is Status.DELETING:
            return
        await uow.versions.update(replace(version, status=Status.FAILED, updated_at=now))
        document = await uow.documents.get(ref.tenant_id, version.document_id)
        if document is not None:
            await show_newest(uow, document, now)

    async def _put(self, uow: UnitOfWork, key: bytes, ref: VersionRef, noted: Noted) -> tuple[DeadLetter | None, bool]:
        """Write the letter of the step; also whether this is the first time that this opening is told."""
        version = await uow.versions.get(ref.tenant_id, ref.version_id)
        if version is None:
            return None, False
        before = _of_step(await uow.dead_letters.of_version(ref.tenant_id, ref.version_id), noted.step)
        now = self.clock.now()
        fresh = new_letter(version, noted, seal_text(key, Purpose.FAILURE, noted.detail or noted.cause.title), now)
        is_first = noted.opening_id is not None and (before is None or before.opening_id != noted.opening_id)
        letter = _merged(before, fresh, noted, is_first=is_first)
        await uow.dead_letters.record(letter)
        return letter, is_first

    async def _count(self, uow: UnitOfWork, letter: DeadLetter, *, is_final: bool) -> None:
        """Whether one document, or a tenant's ingestion as a whole, now fails too often."""
        failures = await uow.dead_letters.openings(letter.tenant_id, letter.document_id)
        now = self.clock.now()
        if failures % self.failures.failing_after == 0:
            FAILING_DOCUMENTS.inc()
            await tell(uow, about_failure(WebhookEvent.DOCUMENT_FAILING, letter, failures=failures), now)
        if not is_final:
            return
        await tell(uow, about_failure(WebhookEvent.DOCUMENT_FAILED, letter, failures=failures), now)
        await uow.tallies.count(letter.tenant_id, now, failed=1)
        tally = await uow.tallies.since(letter.tenant_id, now - timedelta(minutes=self.failures.ratio_minutes))
        ended = tally.ready + tally.failed
        ratio = tally.failed / ended
        INGESTION_FAILURE_RATIO.set(ratio)
        if ended >= self.failures.ratio_least and ratio >= self.failures.ratio:
            FAILURE_RATIO_EXCEEDED.inc()
            # Once an hour and webhook: a delivery of the same occasion is there already.
            occasion = now.replace(minute=0, second=0, microsecond=0).isoformat()
            counts = {"failed": tally.failed, "ended": ended}
            await tell(uow, Happening(letter.tenant_id, WebhookEvent.FAILURE_RATIO, occasion, counts=counts), now)


def about_failure(event: WebhookEvent, letter: DeadLetter, **counts: int) -> Happening:
    """What is told of a letter that was just opened."""
    return Happening(
        tenant_id=letter.tenant_id,
        event=event,
        occasion=str(letter.opening_id),
        document_id=letter.document_id,
        version_id=letter.version_id,
        code=letter.code,
        counts=counts,
    )


def new_letter(version: Version, noted: Noted, sealed_detail: bytes, at: datetime) -> DeadLetter:
    """The letter of a version's first failure at a step."""
    return DeadLetter(
        tenant_id=version.tenant_id,
        id=new_id(),
        document_id=version.document_id,
        version_id=version.id,
        workflow_id=dispatch_id(DispatchKind.INGEST_DOCUMENT, version.tenant_id, version.id),
        step=noted.step,
        code=noted.cause.code,
        failure_class=noted.failure_class,
        attempts=noted.attempts,
        input_hmac=version.content_hmac,
        sealed_detail=sealed_detail,
        state=noted.state,
        created_at=at,
        updated_at=at,
        content_fp=version.content_fp,
        openings=1 if noted.opening_id else 0,
        opening_id=noted.opening_id,
        page=noted.place.page,
        first_chunk=noted.place.first_chunk,
        last_chunk=noted.place.last_chunk,
    )


def _merged(before: DeadLetter | None, fresh: DeadLetter, noted: Noted, *, is_first: bool) -> DeadLetter:
    """The letter as it is now. An opening knows the code only: detail and place stay those that were noted."""
    if before is None:
        return fresh
    knows_more = bool(noted.detail)
    source = fresh if knows_more else before
    return replace(
        fresh,
        id=before.id,
        created_at=before.created_at,
        attempts=max(noted.attempts, before.attempts),
        sealed_detail=source.sealed_detail or fresh.sealed_detail,
        page=source.page,
        first_chunk=source.first_chunk,
        last_chunk=source.last_chunk,
        openings=before.openings + (1 if is_first else 0),
        opening_id=noted.opening_id or before.opening_id,
    )


def _is_suspect(cause: type[LetheError], step: str) -> bool:
    """A cause nobody knows, or a worker that dies whenever it reads the document."""
    return cause is LetheError or (cause is StepTimedOut and step in READING)


def _of_step(letters: Sequence[DeadLetter], step: str) -> DeadLetter | None:
    return next((letter for letter in letters if letter.step == step), None)
