"""The log of erasures and its checkpoints."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from sqlalchemy import func, insert, select

from lethe.adapters.sql.repositories.base import SqlRepository
from lethe.adapters.sql.rows import Mapped, insert_missing, one_of
from lethe.adapters.sql.tables import environment_stamp, log_checkpoints, log_leaves
from lethe.model.audit_log import LeafKind, LogCheckpoint, LogLeaf
from lethe.model.ids import Id

LEAVES: Final = Mapped(LogLeaf, log_leaves)
CHECKPOINTS: Final = Mapped(LogCheckpoint, log_checkpoints)
_HEX: Final = 64
_LOCK: Final = 0x4C455448454C4F47
"""The advisory lock of whoever appends: "LETHELOG". There may be no row yet to lock instead."""


class SqlAuditLog(SqlRepository):
    async def lock(self) -> None:
        # On SQLite a unit that writes is alone anyway.
        if self._connection.dialect.name == "postgresql":
            await self._connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))

    async def installation_id(self) -> Id:
        return (await self._connection.execute(select(environment_stamp.c.installation_id))).scalar_one()

    async def size(self) -> int:
        last = (await self._connection.execute(select(func.max(log_leaves.c.leaf_index)))).scalar()
        return 0 if last is None else last + 1

    async def find(self, kind: LeafKind, tenant_id: Id, ref: Id, number: int) -> LogLeaf | None:
        row = log_leaves.c
        statement = LEAVES.select().where(
            row.tenant_id == tenant_id, row.ref == ref, row.kind == kind, row.number == number
        )
        return await LEAVES.one(self._connection, statement)

    async def nodes(self, nodes: Collection[tuple[int, int]]) -> Mapping[tuple[int, int], bytes]:
        completed_by = {(level, number): ((number + 1) << level) - 1 for level, number in nodes}
        statement = select(log_leaves.c.leaf_index, log_leaves.c.nodes).where(
            one_of(log_leaves.c.leaf_index, set(completed_by.values()))
        )
        rows = {row.leaf_index: row.nodes for row in await self._connection.execute(statement)}
        return {
            (level, number): bytes.fromhex(rows[leaf][level * _HEX : (level + 1) * _HEX])
            for (level, number), leaf in completed_by.items()
            if leaf in rows
        }

    async def leaf_hashes(self, begin: int, limit: int) -> Sequence[bytes]:
        statement = (
            select(func.substr(log_leaves.c.nodes, 1, _HEX))
            .where(log_leaves.c.leaf_index >= begin)
            .order_by(log_leaves.c.leaf_index)
            .limit(limit)
        )
        return [bytes.fromhex(first) for first in await self._connection.scalars(statement)]

    async def add(self, leaf: LogLeaf) -> None:
        await self._connection.execute(insert(log_leaves).values(LEAVES.values(leaf)))

    async def add_checkpoint(self, checkpoint: LogCheckpoint) -> None:
        await insert_missing(self._connection, log_checkpoints, [CHECKPOINTS.values(checkpoint)])

    async def newest_checkpoint(self) -> LogCheckpoint | None:
        newest = CHECKPOINTS.select().order_by(log_checkpoints.c.size.desc()).limit(1)
        return await CHECKPOINTS.one(self._connection, newest)

    async def checkpoint_over(self, leaf_index: int) -> LogCheckpoint | None:
        covering = CHECKPOINTS.select().where(log_checkpoints.c.size > leaf_index)
        return await CHECKPOINTS.one(self._connection, covering.order_by(log_checkpoints.c.size).limit(1))
