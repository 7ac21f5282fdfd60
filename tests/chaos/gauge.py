"""How much work the installation has left, counted in its own ledger past every proxy."""

import asyncio
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass

import asyncpg

from tests.chaos.stores import postgres

_UNFINISHED = """
SELECT (SELECT count(*) FROM document_versions
        WHERE status IN ('receiving', 'pending', 'parsing', 'chunking', 'embedding', 'indexing', 'failed'))
     + (SELECT count(*) FROM documents WHERE deleted_at IS NOT NULL)
     + (SELECT count(*) FROM dispatches WHERE dispatched_at IS NULL)
"""


@dataclass(slots=True)
class Gauge:
    """Versions on their way, documents being removed, workflows not yet started."""

    ledger: str
    value: int = 0

    async def run(self) -> None:
        """Keep ``value`` fresh until cancelled."""
        while True:
            await self.now()
            await asyncio.sleep(1.0)

    async def now(self) -> int:
        """Count; the last value while the database does not answer."""
        with suppress(sqlite3.Error, asyncpg.PostgresError, OSError, TimeoutError):
            self.value = await self._count()
        return self.value

    async def _count(self) -> int:
        if not self.ledger.startswith("postgres"):
            return await asyncio.to_thread(self._count_sqlite)
        async with postgres(self.ledger) as connection:
            return await connection.fetchval(_UNFINISHED, timeout=5)

    def _count_sqlite(self) -> int:
        with closing(sqlite3.connect(f"file:{self.ledger}?mode=ro", uri=True, timeout=2)) as connection:
            return connection.execute(_UNFINISHED).fetchone()[0]
