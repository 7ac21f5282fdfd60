"""Runs alembic in code, on the engines the adapters use; there is no alembic.ini to drift from the settings.

An upgrade of a branch runs in one transaction on both databases. Processes that upgrade at once wait for each other:
SQLite's write lock, an advisory lock on PostgreSQL. Within one process alembic's context allows one upgrade at a time.
"""

import fcntl
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from lethe.adapters.keyring.tables import metadata as keyring_metadata
from lethe.adapters.sql.engine import Engines, make_engines, transaction
from lethe.adapters.sql.stamps import Stamp, read_stamp, write_stamp
from lethe.adapters.sql.tables import metadata as ledger_metadata
from lethe.errors import ConfigurationError, EnvironmentMismatch
from lethe.model.ids import Id, new_id
from lethe.settings import Settings

_ADVISORY_LOCK: Final = int.from_bytes(b"lethe")


@dataclass(frozen=True, slots=True)
class Branch:
    """A database with a history of its own. ``metadata`` is what its newest revision must equal."""

    name: str
    metadata: MetaData

    @property
    def folder(self) -> Path:
        return Path(__file__).parent / self.name

    def url(self, settings: Settings) -> str:
        return settings.sql_url if self.name == "ledger" else settings.keyring_url

    def config(self, connection: Connection) -> Config:
        """What alembic needs to work on this connection."""
        config = Config()
        config.set_main_option("script_location", str(self.folder).replace("%", "%%"))
        config.attributes.update(connection=connection, metadata=self.metadata)
        return config


BRANCHES: Final[Mapping[str, Branch]] = {
    "ledger": Branch("ledger", ledger_metadata),
    "keyring": Branch("keyring", keyring_metadata),
}


async def upgrade(settings: Settings) -> None:
    """Bring ledger and key ring to their newest revisions and stamp what has no stamp.

    Raises EnvironmentMismatch before changing a store of another environment or installation.
    """
    if settings.sql_url == settings.keyring_url:
        raise ConfigurationError("the key ring needs a database of its own: set sql.keyring_url")
    installation: Id | None = None
    for branch in BRANCHES.values():
        _prepare_file(branch.url(settings), settings.sql.busy_timeout_ms / 1000)
        engines = make_engines(branch.url(settings), settings.sql)
        try:
            installation = await _upgrade(branch, engines, settings, installation)
        finally:
            await engines.close()


async def current(settings: Settings) -> dict[str, str | None]:
    """The revision of each branch's database; None where nothing was migrated."""
    found: dict[str, str | None] = {}
    for branch in BRANCHES.values():
        engines = make_engines(branch.url(settings), settings.sql)
        try:
            async with transaction(engines.reading) as connection:
                found[branch.name] = await connection.run_sync(_revision)
        finally:
            await engines.close()
    return found


async def write_revision(settings: Settings, name: str, message: str) -> None:
    """Write the next revision of a branch: what its tables have that its migrated database has not."""
    branch = BRANCHES[name]
    engines = make_engines(branch.url(settings), settings.sql)
    try:
        async with transaction(engines.writing) as connection:
            await connection.run_sync(
                lambda sync: command.revision(branch.config(sync), message, autogenerate=True, rev_id=_next(branch))
            )
    finally:
        await engines.close()


def _next(branch: Branch) -> str:
    return f"{len(list((branch.folder / 'versions').glob('*.py'))) + 1:04}"


async def _upgrade(branch: Branch, engines: Engines, settings: Settings, installation: Id | None) -> Id:
    async with transaction(engines.writing) as connection:
        if connection.dialect.name == "postgresql":
            await connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")
        stamp = await _own_stamp(connection, branch, settings)
        if stamp is not None and installation is not None and stamp.installation_id != installation:
            raise EnvironmentMismatch("the key ring belongs to another installation than the ledger")
        await connection.run_sync(lambda sync: command.upgrade(branch.config(sync), "head"))
        if stamp is None:
            stamp = Stamp(branch.name, settings.environment, installation or new_id())
            await write_stamp(connection, stamp)
        return stamp.installation_id


async def _own_stamp(connection: AsyncConnection, branch: Branch, settings: Settings) -> Stamp | None:
    """The stamp of a database that was migrated before, once it is known to be ours."""
    if await connection.run_sync(_revision) is None:
        return None
    stamp = await read_stamp(connection)
    if stamp is not None:
        stamp.require(branch.name, settings.environment)
    return stamp


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _prepare_file(url: str, wait_seconds: float) -> None:
    """SQLite makes no folders, keeps its journal mode in the file, and changes it only outside a transaction.

    Only the owner may read the file; its journals take over its mode. SQLite's own busy timeout does not cover the
    change of mode, which wants the file to itself: processes that start at once take turns by a lock file.
    """
    address = make_url(url)
    if address.get_backend_name() != "sqlite" or not address.database:
        return
    path = Path(address.database)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    waiting = path.with_name(f"{path.name}.lock")
    waiting.touch(mode=0o600)
    with waiting.open() as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        with closing(sqlite3.connect(path, timeout=wait_seconds)) as connection:
            if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
                connection.execute("PRAGMA journal_mode = WAL")
