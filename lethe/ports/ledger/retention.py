"""How long tenants keep what, what is past its time, and what each removal found."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from lethe.model.documents import Document
from lethe.model.ids import Id
from lethe.model.operations import DeadLetter
from lethe.model.retention import RetentionCount, RetentionPolicy, RetentionRun
from lethe.ports.ledger.paging import PageCursor


class RetentionRepository(Protocol):
    async def policy(self, tenant_id: Id) -> RetentionPolicy:
        """The tenant's own; one that never said anything has no days."""
        ...

    async def put_policy(self, policy: RetentionPolicy) -> None: ...

    async def add_run(self, run: RetentionRun) -> None:
        """Insert, or leave the row that is there."""
        ...

    async def run(self, tenant_id: Id, run_id: Id) -> RetentionRun | None: ...
    async def runs(self, tenant_id: Id, after: PageCursor | None, limit: int) -> list[RetentionRun]: ...
    async def counts(self, tenant_id: Id, run_ids: Collection[Id]) -> list[RetentionCount]: ...

    async def finish_run(self, tenant_id: Id, run_id: Id, counts: Sequence[RetentionCount], at: datetime) -> None:
        """Store what was found, replacing what an earlier attempt stored, and mark the run done."""
        ...

    async def expire_runs(self, created_before: datetime, limit: int) -> int:
        """Remove at most ``limit`` runs of any tenant; how many."""
        ...

    async def documents(
        self, tenant_id: Id, run_id: Id, as_of: datetime, sent_before: datetime | None, after: Id | None, limit: int
    ) -> list[Document]:
        """Documents past their own time or that of a source they came from, or last sent before then, in order of their
        ids: those not deleted, and those that an earlier attempt of the run deleted.
        """
        ...

    async def questions(
        self, tenant_id: Id, asked_before: datetime, after: Id | None, limit: int
    ) -> list[tuple[Id, datetime]]:
        """Questions asked before then whose answer was given to none asked since; in order of their ids."""
        ...

    async def given(self, tenant_id: Id, question_ids: Collection[Id]) -> dict[Id, list[Id]]:
        """By question those that were given its answer. For a writing unit: until it ends, no further one is."""
        ...

    async def letters(self, tenant_id: Id, updated_before: datetime, after: Id | None, limit: int) -> list[DeadLetter]:
        """Resolved and closed dead letters last changed before then, in order of their ids."""
        ...
