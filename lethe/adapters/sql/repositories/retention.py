"""Policies of retention, its runs, and what is past its time."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Select, Table, and_, delete, exists, func, insert, or_, select, tuple_, update

from lethe.adapters.sql.repositories.base import SqlRepository
from lethe.adapters.sql.repositories.dead_letters import LETTER
from lethe.adapters.sql.repositories.documents import DOCUMENT
from lethe.adapters.sql.repositories.paging import page_of
from lethe.adapters.sql.rows import Mapped, delete_of, insert_missing, one_of, upsert_into
from lethe.adapters.sql.tables import dead_letters as letters
from lethe.adapters.sql.tables import documents, questions, sources
from lethe.adapters.sql.tables import retention_counts as found_rows
from lethe.adapters.sql.tables import retention_policies as policies
from lethe.adapters.sql.tables import retention_runs as runs
from lethe.adapters.sql.tables import source_items as items
from lethe.model.documents import Document
from lethe.model.ids import Id
from lethe.model.operations import DeadLetter, DeadLetterState
from lethe.model.retention import RetentionCount, RetentionPolicy, RetentionRun, RetentionState
from lethe.ports.ledger import PageCursor

POLICY: Final = Mapped(RetentionPolicy, policies)
RUN: Final = Mapped(RetentionRun, runs)
COUNT: Final = Mapped(RetentionCount, found_rows)
_EXPIRING: Final = (DeadLetterState.RESOLVED, DeadLetterState.CLOSED)


class SqlRetention(SqlRepository):
    async def policy(self, tenant_id: Id) -> RetentionPolicy:
        return await POLICY.one(self._connection, POLICY.of(tenant_id)) or RetentionPolicy(tenant_id)

    async def put_policy(self, policy: RetentionPolicy) -> None:
        values = POLICY.values(policy)
        statement = upsert_into(self._connection, policies).values(values)
        await self._connection.execute(statement.on_conflict_do_update(index_elements=["tenant_id"], set_=values))

    async def add_run(self, run: RetentionRun) -> None:
        await insert_missing(self._connection, runs, [RUN.values(run)])

    async def run(self, tenant_id: Id, run_id: Id) -> RetentionRun | None:
        return await RUN.one(self._connection, RUN.of(tenant_id, runs.c.id == run_id))

    async def runs(self, tenant_id: Id, after: PageCursor | None, limit: int) -> list[RetentionRun]:
        return await RUN.all(self._connection, page_of(RUN.of(tenant_id), runs, after, limit))

    async def counts(self, tenant_id: Id, run_ids: Collection[Id]) -> list[RetentionCount]:
        wanted = COUNT.of(tenant_id, one_of(found_rows.c.run_id, run_ids))
        return await COUNT.all(self._connection, wanted.order_by(found_rows.c.run_id, found_rows.c.kind))

    async def finish_run(self, tenant_id: Id, run_id: Id, counts: Sequence[RetentionCount], at: datetime) -> None:
        await self._connection.execute(delete_of(found_rows, tenant_id, found_rows.c.run_id == run_id))
        if counts:
            await self._connection.execute(insert(found_rows), [COUNT.values(count) for count in counts])
        await self._connection.execute(
            update(runs)
            .where(runs.c.tenant_id == tenant_id, runs.c.id == run_id)
            .values(state=RetentionState.DONE, ended_at=at)
        )

    async def expire_runs(self, created_before: datetime, limit: int) -> int:
        oldest = select(runs.c.tenant_id, runs.c.id).where(runs.c.created_at < created_before)
        keys = [tuple(row) for row in await self._connection.execute(oldest.order_by(runs.c.created_at).limit(limit))]
        if keys:
            await self._connection.execute(delete(runs).where(tuple_(runs.c.tenant_id, runs.c.id).in_(keys)))
        return len(keys)

    async def documents(
        self, tenant_id: Id, run_id: Id, as_of: datetime, sent_before: datetime | None, after: Id | None, limit: int
    ) -> list[Document]:
        sent_at = func.coalesce(documents.c.renewed_at, documents.c.created_at)
        is_due = documents.c.expires_at <= as_of
        if sent_before is not None:
            is_due = or_(is_due, sent_at <= sent_before)
        for days, source_ids in (await self._days_of_sources(tenant_id)).items():
            taken = select(items.c.document_id).where(
                items.c.tenant_id == tenant_id, one_of(items.c.source_id, source_ids)
            )
            is_due = or_(is_due, and_(sent_at <= as_of - timedelta(days=days), documents.c.id.in_(taken)))
        is_there = or_(documents.c.deleted_at.is_(None), documents.c.expired_by == run_id)
        statement = DOCUMENT.of(tenant_id, is_there, is_due)
        return await DOCUMENT.all(self._connection, _next(statement, documents, after, limit))

    async def _days_of_sources(self, tenant_id: Id) -> dict[int, list[Id]]:
        """The sources that say how long their documents stay, by how long."""
        limited = select(sources.c.retention_days, sources.c.id).where(
            sources.c.tenant_id == tenant_id, sources.c.retention_days.is_not(None)
        )
        found = defaultdict[int, list[Id]](list)
        for days, source_id in await self._connection.execute(limited.order_by(sources.c.id)):
            found[days].append(source_id)
        return dict(found)

    async def questions(
        self, tenant_id: Id, asked_before: datetime, after: Id | None, limit: int
    ) -> list[tuple[Id, datetime]]:
        later = questions.alias("later")
        is_needed = exists().where(
            later.c.tenant_id == tenant_id, later.c.answered_by == questions.c.id, later.c.created_at > asked_before
        )
        statement = select(questions.c.id, questions.c.created_at).where(
            questions.c.tenant_id == tenant_id, questions.c.created_at <= asked_before, ~is_needed
        )
        rows = await self._connection.execute(_next(statement, questions, after, limit))
        return [(row[0], row[1]) for row in rows]

    async def given(self, tenant_id: Id, question_ids: Collection[Id]) -> dict[Id, list[Id]]:
        # Whoever refers to one of these waits here, and finds it gone.
        own = select(questions.c.id).where(questions.c.tenant_id == tenant_id, one_of(questions.c.id, question_ids))
        await self._connection.execute(own.order_by(questions.c.id).with_for_update())
        statement = select(questions.c.answered_by, questions.c.id).where(
            questions.c.tenant_id == tenant_id, one_of(questions.c.answered_by, question_ids)
        )
        found = defaultdict[Id, list[Id]](list)
        for answered_by, question_id in await self._connection.execute(statement.order_by(questions.c.id)):
            found[answered_by].append(question_id)
        return dict(found)

    async def letters(self, tenant_id: Id, updated_before: datetime, after: Id | None, limit: int) -> list[DeadLetter]:
        statement = LETTER.of(tenant_id, one_of(letters.c.state, _EXPIRING), letters.c.updated_at <= updated_before)
        return await LETTER.all(self._connection, _next(statement, letters, after, limit))


def _next(statement: Select[*tuple[Any, ...]], table: Table, after: Id | None, limit: int) -> Select[*tuple[Any, ...]]:
    if after is not None:
        statement = statement.where(table.c.id > after)
    return statement.order_by(table.c.id).limit(limit)
