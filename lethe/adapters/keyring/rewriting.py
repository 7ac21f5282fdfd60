"""PostgreSQL: the ring's table written anew, because what an update leaves behind stays in its file without an end."""

import asyncio
import logging
from datetime import datetime
from typing import Final

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from lethe.adapters.keyring.tables import data_keys
from lethe.adapters.sql.failures import translated
from lethe.errors import LedgerUnavailable
from lethe.ports.keyring import Emptied
from lethe.telemetry import KEYS_LEFT

_log: Final = logging.getLogger("lethe.keyring")

_PATIENCE: Final = "500ms"
"""Whoever wants a key waits behind us for as long."""


class Rewriter:
    """Without its dead rows, in another file; the former one goes.

    One at a time, and for all that was destroyed before it began, by the database's clock. Nobody reads a key
    meanwhile, so a larger table is left to its operator.
    """

    def __init__(self, engine: AsyncEngine, most_bytes: int) -> None:
        self._engine = engine
        self._most_bytes = most_bytes
        self._lock = asyncio.Lock()
        self._began: datetime | None = None

    async def rewrite(self, since: datetime | None) -> Emptied:
        try:
            with translated():
                return await self._for(since or await self._now())
        except LedgerUnavailable:
            return Emptied.NOT_YET

    async def is_left(self) -> bool:
        """Whether the table is too large to be written anew. Raises LedgerUnavailable."""
        with translated():
            async with self._engine.connect() as connection:
                return await self._is_left(connection)

    async def _now(self) -> datetime:
        async with self._engine.connect() as connection:
            return await _time(connection)

    async def _for(self, since: datetime) -> Emptied:
        async with self._lock:
            if self._began is not None and since < self._began:
                return Emptied.DONE
            async with self._engine.connect() as connection:
                await connection.execution_options(isolation_level="AUTOCOMMIT")
                if await self._is_left(connection):
                    return Emptied.LEFT_TO_OPERATOR
                began = await _time(connection)
                await _vacuum(connection)
            self._began = began
        return Emptied.DONE

    async def _is_left(self, connection: AsyncConnection) -> bool:
        size = (await connection.execute(select(func.pg_total_relation_size(data_keys.name)))).scalar_one()
        is_left = size > self._most_bytes
        KEYS_LEFT.set(is_left)
        if is_left:
            _log.warning("data_keys (%d bytes) is too large for an erasure to write it anew: destroyed keys stay", size)
        return is_left


async def _time(connection: AsyncConnection) -> datetime:
    return (await connection.execute(select(func.clock_timestamp()))).scalar_one()


async def _vacuum(connection: AsyncConnection) -> None:
    await connection.execute(text(f"SET lock_timeout = '{_PATIENCE}'"))
    try:
        await connection.execute(text(f"VACUUM (FULL) {data_keys.name}"))
    finally:
        await connection.execute(text("RESET lock_timeout"))
