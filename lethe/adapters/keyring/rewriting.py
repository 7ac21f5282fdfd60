"""PostgreSQL: the ring's table written anew, because what an update leaves behind stays in its file without an end."""

from typing import Final

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from lethe.adapters.keyring.tables import data_keys
from lethe.adapters.sql.failures import translated
from lethe.errors import LedgerUnavailable

_PATIENCE: Final = "500ms"
"""Whoever wants a key waits behind us for as long."""


async def rewrite(engine: AsyncEngine, most_bytes: int) -> bool:
    """Without its dead rows, in another file; the former one goes. Whether that is done.

    Nobody reads a key meanwhile, so a larger table is left to its operator: that counts as done.
    """
    name = data_keys.name
    try:
        with translated():
            async with engine.connect() as connection:
                await connection.execution_options(isolation_level="AUTOCOMMIT")
                if (await connection.execute(select(func.pg_table_size(name)))).scalar_one() > most_bytes:
                    return True
                await connection.execute(text(f"SET lock_timeout = '{_PATIENCE}'"))
                try:
                    await connection.execute(text(f"VACUUM (FULL) {name}"))
                finally:
                    await connection.execute(text("RESET lock_timeout"))
    except LedgerUnavailable:
        return False
    return True
