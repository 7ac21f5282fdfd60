"""The steps of a run that removes what is past its time. Each may be repeated."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from lethe.contracts.retention import (
    RetainedPage,
    RetentionPage,
    RetentionPlan,
    RetentionRef,
    RetentionReport,
    RetentionsBegun,
    RetentionStart,
    RetentionTally,
)
from lethe.ingestion.deletion import mark_all_deleted
from lethe.ingestion.metadata import MAY_GO_LIVE
from lethe.model.documents import Document
from lethe.model.ids import Id, new_id
from lethe.model.retention import (
    Holds,
    RetentionCount,
    RetentionKind,
    RetentionPolicy,
    RetentionRun,
    RetentionState,
    RetentionTrigger,
)
from lethe.ports.clock import Clock
from lethe.ports.keyring import KeyRing
from lethe.ports.ledger import Ledger, UnitOfWork
from lethe.privacy.holds import free_to_go, holds_in
from lethe.settings import RetentionSettings

TENANTS_PAGE: Final = 20
PAGE: Final = 200
LOCKED: Final = 50
"""Documents hidden under one lock of their tenant."""
EXPIRE_PAGE: Final = 500
RUNNING_MOST: Final = 1000


@dataclass(frozen=True, slots=True)
class Retaining:
    """What is restricted, or held with an erasure, stays and is counted; what an erasure has fenced is left to it."""

    ledger: Ledger
    keyring: KeyRing
    clock: Clock
    settings: RetentionSettings

    async def begin(self, after: Id | None) -> RetentionsBegun:
        """A page of tenants, in order of their ids, and a run for each; forgets runs past their time."""
        async with self.ledger.write() as uow:
            await uow.retention.expire_runs(self.clock.now() - timedelta(days=self.settings.run_days), EXPIRE_PAGE)
            tenants = sorted(tenant.id for tenant in await uow.tenants.list() if after is None or tenant.id > after)
        page = tenants[:TENANTS_PAGE]
        runs = [RetentionRef(tenant_id=each, run_id=new_id(), trigger=RetentionTrigger.SCHEDULE) for each in page]
        return RetentionsBegun(runs=runs, after=page[-1] if len(tenants) > len(page) else None)

    async def plan(self, start: RetentionStart) -> RetentionPlan:
        """How old is too old now; a run that nobody asked for over the API gets its row here."""
        tenant_id, run_id = start.run.tenant_id, start.run.run_id
        made = RetentionRun(tenant_id, run_id, RetentionState.RUNNING, start.run.trigger, False, start.as_of)
        async with self.ledger.write() as uow:
            await uow.retention.add_run(made)
            run = await uow.retention.run(tenant_id, run_id) or made
            days = effective(await uow.retention.policy(tenant_id), self.settings)
        return RetentionPlan(
            as_of=start.as_of,
            dry_run=run.dry_run,
            documents_before=None if days.documents is None else start.as_of - timedelta(days=days.documents),
            questions_before=start.as_of - timedelta(days=days.questions),
            letters_before=start.as_of - timedelta(days=days.dead_letters),
        )

    async def page(self, page: RetentionPage) -> RetainedPage:
        """The next of one kind. Documents are hidden here, and taken out of the stores after; the rest goes at once."""
        match page.kind:
            case RetentionKind.DOCUMENTS:
                return await self._documents(page)
            case RetentionKind.QUESTIONS:
                return await self._questions(page)
            case RetentionKind.DEAD_LETTERS:
                return await self._letters(page)

    async def finish(self, report: RetentionReport) -> None:
        """Store what was found."""
        tenant_id, run_id = report.run.tenant_id, report.run.run_id
        counts = [RetentionCount(tenant_id, run_id, each.kind, **each.tally.model_dump()) for each in report.kinds]
        async with self.ledger.write() as uow:
            await uow.retention.finish_run(tenant_id, run_id, counts, self.clock.now())
            await uow.dispatches.delete_for(tenant_id, [run_id])

    async def _documents(self, page: RetentionPage) -> RetainedPage:
        after, tally, running = page.after, RetentionTally(), list[Id]()
        for _ in range(PAGE // LOCKED):
            if page.plan.dry_run:
                async with self.ledger.read() as uow:
                    found, going = await self._due(uow, page, after)
            else:
                async with self.ledger.write() as uow:
                    await uow.tenants.lock(page.run.tenant_id)
                    found, going = await self._due(uow, page, after)
                    running += await self._hide(uow, page.run, going)
            tally = tally.plus(_documents_tally(page.plan, found, going))
            after = found[-1].id if len(found) == LOCKED else None
            if after is None:
                break
        return RetainedPage(after=after, tally=tally, running=running[:RUNNING_MOST])

    async def _due(
        self, uow: UnitOfWork, page: RetentionPage, after: Id | None
    ) -> tuple[list[Document], list[Document]]:
        """Documents past their time, and those of them that nothing holds."""
        tenant_id, plan = page.run.tenant_id, page.plan
        found = await uow.retention.documents(
            tenant_id, page.run.run_id, plan.as_of, plan.documents_before, after, LOCKED
        )
        going = await free_to_go(uow, tenant_id, found)
        return found, [each for each in going if each.fenced_at is None]

    async def _hide(self, uow: UnitOfWork, run: RetentionRef, going: Sequence[Document]) -> list[Id]:
        """As a deletion over the API does; returns versions of them that may still be on their way in.

        What an earlier attempt has hidden is counted again, and its versions are named again.
        """
        tenant_id = run.tenant_id
        there = [replace(each, expired_by=run.run_id) for each in going if each.deleted_at is None]
        if there:
            seq = await uow.tenants.advance(tenant_id)
            await mark_all_deleted(uow, tenant_id, there, seq, self.clock.now())
        versions = await uow.versions.of_documents(tenant_id, [each.id for each in going])
        return [each.id for some in versions.values() for each in some if each.status in MAY_GO_LIVE]

    async def _questions(self, page: RetentionPage) -> RetainedPage:
        tenant_id, before = page.run.tenant_id, page.plan.questions_before
        async with self.ledger.read() as uow:
            found = await uow.retention.questions(tenant_id, before, page.after, PAGE)
        tally = RetentionTally()
        if found:
            async with self.ledger.write() as uow:
                await uow.tenants.lock(tenant_id)
                given = await uow.retention.given(tenant_id, [each for each, _ in found])
                holds = await holds_in(uow, tenant_id)
                groups = {each: [each, *given.get(each, ())] for each, _ in found}
                going = {ref for group in groups.values() if not holds.hold_any(group) for ref in group}
                tally = _questions_tally(found, set(groups) - going, () if page.plan.dry_run else going)
                if not page.plan.dry_run:
                    # Whoever sets a hold waits for this unit: what it would hold is not destroyed after it.
                    await self.keyring.destroy(tenant_id, going)
                    await uow.questions.delete(tenant_id, going)
        return RetainedPage(after=found[-1][0] if len(found) == PAGE else None, tally=tally)

    async def _letters(self, page: RetentionPage) -> RetainedPage:
        tenant_id = page.run.tenant_id
        async with self.ledger.write() as uow:
            found = await uow.retention.letters(tenant_id, page.plan.letters_before, page.after, PAGE)
            holds = await holds_in(uow, tenant_id) if found else Holds()
            going = [
                each for each in found if not holds.hold_any([each.id]) and each.document_id not in holds.documents
            ]
            for letter in () if page.plan.dry_run else going:
                await uow.dead_letters.remove(tenant_id, letter.id)
        tally = RetentionTally(
            matched=len(found),
            held=len(found) - len(going),
            removed=0 if page.plan.dry_run else len(going),
            oldest_at=min((each.updated_at for each in found), default=None),
        )
        return RetainedPage(after=found[-1].id if len(found) == PAGE else None, tally=tally)


@dataclass(frozen=True, slots=True)
class Days:
    """How long each kind is kept; None: until it is deleted."""

    documents: int | None
    questions: int
    dead_letters: int


def effective(policy: RetentionPolicy, settings: RetentionSettings) -> Days:
    """The tenant's own days, else the installation's."""
    return Days(
        documents=policy.document_days or settings.document_days,
        questions=policy.question_days or settings.question_days,
        dead_letters=policy.dead_letter_days or settings.dead_letter_days,
    )


def _documents_tally(plan: RetentionPlan, found: Sequence[Document], going: Sequence[Document]) -> RetentionTally:
    return RetentionTally(
        matched=len(found),
        held=len(found) - len(going),
        removed=0 if plan.dry_run else len(going),
        oldest_at=min((_since(each) for each in found), default=None),
    )


def _since(document: Document) -> datetime:
    """When the document was last sent: what is past its own time and was never sent again shows its age too."""
    return document.renewed_at or document.created_at


def _questions_tally(
    found: Sequence[tuple[Id, datetime]], held: set[Id], removed: Sequence[Id] | set[Id]
) -> RetentionTally:
    others = len(set(removed) - {each for each, _ in found})
    return RetentionTally(
        matched=len(found) + others,
        held=len(held),
        removed=len(removed),
        oldest_at=min((asked_at for _, asked_at in found), default=None),
    )
