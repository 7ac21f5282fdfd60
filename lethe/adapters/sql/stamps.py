"""Whose store a database is: written once by the migrations, checked by every process before its first unit."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import insert, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from lethe.adapters.sql.engine import transaction
from lethe.adapters.sql.failures import meaning
from lethe.adapters.sql.tables.stamp import environment_stamp
from lethe.errors import ConfigurationError, EnvironmentMismatch, LedgerUnavailable
from lethe.model.ids import Id
from lethe.settings import Environment

CONNECT_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Stamp:
    """``store`` is "ledger" or "keyring"; stores of one installation carry one ``installation_id``."""

    store: str
    environment: Environment
    installation_id: Id

    def require(self, store: str, environment: Environment) -> None:
        """Raises EnvironmentMismatch if this is another store, or another environment's."""
        if (self.store, self.environment) != (store, environment):
            raise EnvironmentMismatch(
                f"the database is the {self.store} of {self.environment}, not the {store} of {environment}"
            )


async def read_stamp(connection: AsyncConnection) -> Stamp | None:
    """The stamp of a migrated database, if it has been stamped."""
    row = (await connection.execute(select(environment_stamp))).first()
    return None if row is None else Stamp(row.store, row.environment, row.installation_id)


async def write_stamp(connection: AsyncConnection, stamp: Stamp) -> None:
    """Stamp a migrated database that has no stamp yet."""
    values = {
        "singleton": 1,
        "environment": stamp.environment,
        "installation_id": stamp.installation_id,
        "store": stamp.store,
    }
    await connection.execute(insert(environment_stamp).values(values))


class StampGuard:
    """Lets a process use a database of its own environment only."""

    def __init__(self, store: str, environment: Environment) -> None:
        self._store = store
        self._environment = environment
        self._checked = False

    async def check(self, connection: AsyncConnection) -> None:
        """Read the stamp, once in the life of the process. Raises EnvironmentMismatch or ConfigurationError."""
        if self._checked:
            return
        try:
            stamp = await read_stamp(connection)
        except DBAPIError as error:
            if meaning(error) is not None:
                raise
            stamp = None
        if stamp is None:
            raise ConfigurationError(f"the {self._store} has no schema; run `python -m migrations upgrade`")
        stamp.require(self._store, self._environment)
        self._checked = True

    async def connect(self, engine: AsyncEngine) -> None:
        """Check, trying again while the database does not answer. Raises LedgerUnavailable after CONNECT_SECONDS."""
        attempts = AsyncRetrying(
            retry=retry_if_exception_type(LedgerUnavailable),
            stop=stop_after_delay(CONNECT_SECONDS),
            wait=wait_exponential_jitter(multiplier=0.1, max=2.0),
            reraise=True,
        )
        async for attempt in attempts:
            with attempt:
                async with transaction(engine) as connection:
                    await self.check(connection)
