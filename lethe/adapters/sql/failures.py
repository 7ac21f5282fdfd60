"""What a driver's failure means: the database is away, the rows changed meanwhile, or the code is wrong."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import asyncpg
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from lethe.errors import LedgerConflict, LedgerUnavailable, LetheError

# https://www.sqlite.org/rescode.html: PERM, BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN
_SQLITE_CODES: Final = frozenset({3, 5, 6, 8, 10, 13, 14})
# https://www.postgresql.org/docs/15/errcodes-appendix.html: connection, resources, operator intervention, system;
# serialization and deadlock (the same unit succeeds when run again); lock_timeout; a standby that refuses writes.
_SQLSTATE_CLASSES: Final = ("08", "53", "57", "58", "40")
_SQLSTATES: Final = frozenset({"55P03", "25006"})

CONNECTING: Final = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)
"""What the drivers raise, unwrapped by SQLAlchemy, while connecting. OSError includes TimeoutError."""


def meaning(error: DBAPIError) -> LetheError | None:
    """The error of our tree; None if the statement itself is at fault."""
    if isinstance(error, IntegrityError):
        return LedgerConflict()
    if error.connection_invalidated:
        return LedgerUnavailable()
    sqlite_code = getattr(error.orig, "sqlite_errorcode", None)
    if isinstance(sqlite_code, int) and sqlite_code & 0xFF in _SQLITE_CODES:
        return LedgerUnavailable()
    state = getattr(error.orig, "sqlstate", None)
    if isinstance(state, str) and (state in _SQLSTATES or state.startswith(_SQLSTATE_CLASSES)):
        return LedgerUnavailable()
    return None


def refuse_unwrapped(context: ExceptionContext) -> None:
    """For SQLAlchemy's `handle_error`: what a driver lets through unwrapped during a call is LedgerUnavailable.

    asyncpg's command_timeout is a plain TimeoutError, a broken connection a plain OSError. Only failures of the driver
    come by here, never those of the code between two statements.
    """
    if isinstance(context.original_exception, OSError):
        # What the server still does on this connection is not known.
        context.is_disconnect = True
        context.invalidate_pool_on_disconnect = False
        raise LedgerUnavailable


@contextmanager
def translated() -> Generator[None]:
    """Raise LedgerUnavailable or LedgerConflict in place of what the driver raised."""
    try:
        yield
    except PoolTimeoutError as error:
        raise LedgerUnavailable from error
    except DBAPIError as error:
        ours = meaning(error)
        if ours is None:
            raise
        raise ours from error
