"""Deciding on dead letters: run the failed step again, or remove the version; one, or all of a kind."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from lethe.errors import (
    ClientError,
    DeadLetterNotFound,
    DeadLetterOpen,
    DeadLetterSettled,
    DocumentConflict,
    DocumentRestricted,
    FailureClass,
    IngestionUnderWay,
)
from lethe.indexing.dispatching import start_committed
from lethe.ingestion.shown import show_newest
from lethe.model.documents import Document, Status, Version
from lethe.model.ids import Id
from lethe.model.operations import (
    DeadLetter,
    DeadLetterState,
    Dispatch,
    DispatchKind,
    LetterAction,
    LetterResolution,
)
from lethe.model.workflow_ids import dispatch_id
from lethe.ports.clock import Clock
from lethe.ports.ledger import Ledger, PageCursor, UnitOfWork
from lethe.ports.workflows import Answered, WorkflowControl

PAGE: Final = 50
"""Letters that one activity decides on: what is repeated, harmlessly, when its worker dies."""


@dataclass(frozen=True, slots=True)
class LetterChoice:
    """Which letters to decide on. Poison is among them only where its class or its code is named."""

    failure_class: FailureClass | None = None
    code: str | None = None
    step: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Letters:
    """Decisions on the dead letters of a tenant."""

    ledger: Ledger
    clock: Clock
    control: WorkflowControl

    async def decide(self, tenant_id: Id, letter_id: Id, action: LetterAction, decision_id: Id) -> DeadLetter:
        """Take the decision, once, whether an ingestion waits for it or has ended.

        Raises DeadLetterNotFound, DeadLetterSettled, IngestionUnderWay, DocumentConflict, WorkflowsUnavailable;
        DocumentRestricted for what is to be kept until its release.
        """
        async with self.ledger.read() as uow:
            letter = await uow.dead_letters.get(tenant_id, letter_id)
            document = await uow.documents.get(tenant_id, letter.document_id) if letter else None
        if letter is None:
            raise DeadLetterNotFound
        if action is LetterAction.DISCARD and document is not None and document.restricted_at is not None:
            raise DocumentRestricted
        if letter.decision_id == decision_id:
            return letter
        if letter.state is DeadLetterState.RESOLVED:
            raise DeadLetterSettled
        # A closed letter's ingestion is asked too: it closes its letter a moment before it ends.
        answer = await self.control.resolve(letter.workflow_id, action, decision_id)
        if answer is Answered.NOT_WAITING:
            raise IngestionUnderWay
        if answer is Answered.TAKEN:
            async with self.ledger.write() as uow:
                await uow.dead_letters.decide(tenant_id, letter.version_id, decision_id)
            return letter
        dispatch = await self._begin_again(letter, action, decision_id)
        await start_committed(self.control, self.ledger, dispatch, self.clock.now())
        return letter

    async def remove(self, tenant_id: Id, letter_id: Id) -> None:
        """Delete a letter on which nothing is to be decided. Raises DeadLetterNotFound, DeadLetterOpen.

        With the last letter of poisonous content goes the memory that it is poison.
        """
        async with self.ledger.write() as uow:
            letter = await uow.dead_letters.get(tenant_id, letter_id)
            if letter is None:
                raise DeadLetterNotFound
            if letter.state in {DeadLetterState.OPEN, DeadLetterState.ATTEMPTING}:
                raise DeadLetterOpen
            await uow.dead_letters.remove(tenant_id, letter_id)

    async def plan(
        self,
        tenant_id: Id,
        action: LetterAction,
        choice: LetterChoice,
        resolution_id: Id,
        *,
        is_under_way: bool = False,
    ) -> LetterResolution:
        """Note a decision on all letters that are meant and exist now; one that was noted under the id stays as it is.

        What carries it out is dispatched, unless it ``is_under_way``.
        """
        now = self.clock.now()
        resolution = LetterResolution(
            tenant_id=tenant_id,
            id=resolution_id,
            action=action,
            failure_class=choice.failure_class,
            code=choice.code,
            step=choice.step,
            created_after=choice.created_after,
            # Letters that come meanwhile are not meant: a retry that fails again must not be retried for ever.
            created_before=min(choice.created_before or now, now),
            created_at=now,
            updated_at=now,
        )
        workflow_id = dispatch_id(DispatchKind.RESOLVE_LETTERS, tenant_id, resolution.id)
        async with self.ledger.write() as uow:
            await uow.dead_letters.add_resolution(resolution)
            if not is_under_way:
                await uow.dispatches.add(
                    Dispatch(tenant_id, workflow_id, DispatchKind.RESOLVE_LETTERS, resolution.id, now)
                )
            return await uow.dead_letters.resolution(tenant_id, resolution_id) or resolution

    async def resolution(self, tenant_id: Id, resolution_id: Id) -> LetterResolution:
        """How far a decision on many is. Raises DeadLetterNotFound."""
        async with self.ledger.read() as uow:
            resolution = await uow.dead_letters.resolution(tenant_id, resolution_id)
        if resolution is None:
            raise DeadLetterNotFound
        return resolution

    async def next_page(self, tenant_id: Id, resolution_id: Id) -> LetterResolution:
        """Decide on the next page of letters. Repeated, it decides nothing twice. Raises WorkflowsUnavailable."""
        resolution = await self.resolution(tenant_id, resolution_id)
        if resolution.finished_at is not None:
            return resolution
        after = (
            PageCursor(resolution.cursor_at, resolution.cursor_id)
            if resolution.cursor_at is not None and resolution.cursor_id is not None
            else None
        )
        async with self.ledger.read() as uow:
            letters = await uow.dead_letters.page(tenant_id, resolution.wanted, after, PAGE)
        done = 0
        for letter in letters:
            try:
                await self.decide(tenant_id, letter.id, resolution.action, resolution.id)
            except ClientError:
                continue
            done += 1
        moved = _moved(resolution, letters, done, self.clock.now())
        async with self.ledger.write() as uow:
            await uow.dead_letters.update_resolution(moved)
        return moved

    async def _begin_again(self, letter: DeadLetter, action: LetterAction, decision_id: Id) -> Dispatch:
        """Nothing runs for the version any more: a new run from the bytes that were kept, or its removal."""
        tenant_id, now = letter.tenant_id, self.clock.now()
        kind = DispatchKind.INGEST_DOCUMENT if action is LetterAction.RETRY else DispatchKind.DISCARD_VERSION
        dispatch = Dispatch(
            tenant_id, dispatch_id(kind, tenant_id, letter.version_id), kind, letter.version_id, now, again=True
        )
        async with self.ledger.write() as uow:
            await uow.tenants.lock(tenant_id)
            document, version = await _still_of_use(uow, letter)
            if action is LetterAction.RETRY:
                await uow.versions.update(replace(version, status=Status.PENDING, updated_at=now))
                await show_newest(uow, document, now)
                await uow.dead_letters.set_state(tenant_id, version.id, DeadLetterState.ATTEMPTING, now)
            await uow.dead_letters.decide(tenant_id, version.id, decision_id)
            await uow.dispatches.renew(dispatch)
        return dispatch


async def _still_of_use(uow: UnitOfWork, letter: DeadLetter) -> tuple[Document, Version]:
    """The document and version, if the version may still become the live one."""
    version = await uow.versions.get(letter.tenant_id, letter.version_id)
    document = await uow.documents.get(letter.tenant_id, letter.document_id)
    if document is None or version is None:
        raise DeadLetterSettled
    if version.live_from is not None:
        raise DeadLetterSettled
    if document.deleted_at is not None or document.epoch != version.epoch:
        raise DocumentConflict("The document was deleted.")
    if document.live_submission > version.submission:
        raise DocumentConflict("A later version of the document is served already.")
    return document, version


def _moved(resolution: LetterResolution, letters: Sequence[DeadLetter], done: int, at: datetime) -> LetterResolution:
    """The resolution behind this page."""
    is_last = len(letters) < PAGE
    return replace(
        resolution,
        matched=resolution.matched + len(letters),
        done=resolution.done + done,
        skipped=resolution.skipped + len(letters) - done,
        cursor_at=letters[-1].created_at if letters else resolution.cursor_at,
        cursor_id=letters[-1].id if letters else resolution.cursor_id,
        updated_at=at,
        finished_at=at if is_last else None,
    )
