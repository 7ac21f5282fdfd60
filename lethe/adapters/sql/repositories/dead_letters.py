"""Kept failures, the decisions on them, and how many ingestions ended how."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, delete, func, or_, select, update

from lethe.adapters.sql.repositories.base import SqlRepository
from lethe.adapters.sql.repositories.paging import page_of
from lethe.adapters.sql.rows import Mapped, delete_of, insert_missing, one_of, upsert_into
from lethe.adapters.sql.tables import dead_letters as letters
from lethe.adapters.sql.tables import ingestion_tallies as tallies
from lethe.adapters.sql.tables import letter_resolutions as resolutions
from lethe.errors import FailureClass
from lethe.model.ids import Id
from lethe.model.operations import (
    UNDECIDED,
    DeadLetter,
    DeadLetterState,
    LetterFilter,
    LetterResolution,
    Tally,
)
from lethe.ports.ledger import PageCursor

LETTER: Final = Mapped(DeadLetter, letters)
RESOLUTION: Final = Mapped(LetterResolution, resolutions)
_REWRITTEN: Final = (
    *("code", "failure_class", "attempts", "sealed_detail", "state", "updated_at", "content_fp", "cause_code"),
    *("openings", "opening_id", "page", "first_chunk", "last_chunk"),
)


class SqlDeadLetters(SqlRepository):
    async def record(self, letter: DeadLetter) -> None:
        statement = upsert_into(self._connection, letters).values(LETTER.values(letter))
        statement = statement.on_conflict_do_update(
            index_elements=["tenant_id", "version_id", "step"],
            set_={name: statement.excluded[name] for name in _REWRITTEN},
        )
        await self._connection.execute(statement)

    async def get(self, tenant_id: Id, letter_id: Id) -> DeadLetter | None:
        return await LETTER.one(self._connection, LETTER.of(tenant_id, letters.c.id == letter_id))

    async def of_version(self, tenant_id: Id, version_id: Id) -> list[DeadLetter]:
        wanted = LETTER.of(tenant_id, letters.c.version_id == version_id)
        return await LETTER.all(self._connection, wanted.order_by(letters.c.created_at, letters.c.id))

    async def set_state(self, tenant_id: Id, version_id: Id, state: DeadLetterState, at: datetime) -> None:
        await self._connection.execute(
            update(letters)
            .where(letters.c.tenant_id == tenant_id, letters.c.version_id == version_id)
            .values(state=state, updated_at=at)
        )

    async def set_states(
        self, tenant_id: Id, version_ids: Collection[Id], state: DeadLetterState, at: datetime
    ) -> None:
        await self._connection.execute(
            update(letters)
            .where(letters.c.tenant_id == tenant_id, one_of(letters.c.version_id, version_ids))
            .values(state=state, updated_at=at)
        )

    async def page(self, tenant_id: Id, wanted: LetterFilter, after: PageCursor | None, limit: int) -> list[DeadLetter]:
        statement = LETTER.of(tenant_id, *_conditions(wanted))
        return await LETTER.all(self._connection, page_of(statement, letters, after, limit))

    async def waiting(self, tenant_id: Id) -> int:
        statement = select(func.count(letters.c.version_id.distinct()))
        statement = statement.where(letters.c.tenant_id == tenant_id, letters.c.state == DeadLetterState.OPEN)
        return int((await self._connection.execute(statement)).scalar_one())

    async def delete(self, tenant_id: Id, version_id: Id) -> int:
        result = await self._connection.execute(delete_of(letters, tenant_id, letters.c.version_id == version_id))
        return result.rowcount

    async def decide(self, tenant_id: Id, version_id: Id, decision_id: Id) -> None:
        await self._connection.execute(
            update(letters)
            .where(letters.c.tenant_id == tenant_id, letters.c.version_id == version_id)
            .values(decision_id=decision_id)
        )

    async def openings(self, tenant_id: Id, document_id: Id) -> int:
        statement = select(func.coalesce(func.sum(letters.c.openings), 0))
        statement = statement.where(letters.c.tenant_id == tenant_id, letters.c.document_id == document_id)
        return int((await self._connection.execute(statement)).scalar_one())

    async def poison(self, tenant_id: Id, content_fp: str) -> DeadLetter | None:
        wanted = LETTER.of(
            tenant_id,
            letters.c.content_fp == content_fp,
            letters.c.failure_class == FailureClass.POISON,
            one_of(letters.c.state, UNDECIDED),
        )
        return await LETTER.one(self._connection, wanted.order_by(letters.c.created_at, letters.c.id).limit(1))

    async def remove(self, tenant_id: Id, letter_id: Id) -> None:
        await self._connection.execute(delete_of(letters, tenant_id, letters.c.id == letter_id))

    async def add_resolution(self, resolution: LetterResolution) -> None:
        await insert_missing(self._connection, resolutions, [RESOLUTION.values(resolution)])

    async def resolution(self, tenant_id: Id, resolution_id: Id) -> LetterResolution | None:
        return await RESOLUTION.one(self._connection, RESOLUTION.of(tenant_id, resolutions.c.id == resolution_id))

    async def update_resolution(self, resolution: LetterResolution) -> None:
        await self._connection.execute(
            update(resolutions)
            .where(resolutions.c.tenant_id == resolution.tenant_id, resolutions.c.id == resolution.id)
            .values(RESOLUTION.values(resolution))
        )

    async def expire_resolutions(self, updated_before: datetime, limit: int) -> int:
        old = RESOLUTION.select().where(resolutions.c.updated_at < updated_before)
        found = await RESOLUTION.all(self._connection, old.order_by(resolutions.c.updated_at).limit(limit))
        for each in found:
            await self._connection.execute(delete_of(resolutions, each.tenant_id, resolutions.c.id == each.id))
        return len(found)


class SqlTallies(SqlRepository):
    """Counts by the minute."""

    async def count(self, tenant_id: Id, at: datetime, *, ready: int = 0, failed: int = 0) -> None:
        minute = at.replace(second=0, microsecond=0)
        statement = upsert_into(self._connection, tallies).values(
            tenant_id=tenant_id, minute=minute, ready=ready, failed=failed
        )
        await self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=["tenant_id", "minute"],
                set_={"ready": tallies.c.ready + ready, "failed": tallies.c.failed + failed},
            )
        )

    async def since(self, tenant_id: Id, after: datetime) -> Tally:
        ready, failed = (func.coalesce(func.sum(tallies.c[name]), 0) for name in ("ready", "failed"))
        statement = select(ready, failed).where(tallies.c.tenant_id == tenant_id, tallies.c.minute > after)
        row = (await self._connection.execute(statement)).one()
        return Tally(int(row[0]), int(row[1]))

    async def expire(self, before: datetime) -> int:
        return (await self._connection.execute(delete(tallies).where(tallies.c.minute < before))).rowcount


def _conditions(wanted: LetterFilter) -> list[ColumnElement[bool]]:
    exact = {
        "failure_class": wanted.failure_class,
        "code": wanted.code,
        "step": wanted.step,
        "document_id": wanted.document_id,
    }
    found: list[ColumnElement[bool]] = [letters.c[name] == value for name, value in exact.items() if value is not None]
    if wanted.states:
        stated = one_of(letters.c.state, wanted.states)
        found.append(stated if wanted.decided_by is None else or_(stated, letters.c.decision_id == wanted.decided_by))
    if wanted.created_after is not None:
        found.append(letters.c.created_at > wanted.created_after)
    if wanted.created_before is not None:
        found.append(letters.c.created_at <= wanted.created_before)
    if wanted.leaves_out_poison:
        found.append(letters.c.failure_class != FailureClass.POISON)
    return found
