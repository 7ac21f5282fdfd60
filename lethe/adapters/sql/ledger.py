"""The ledger and its units of work."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from lethe.adapters.sql.engine import Engines, answers, empty_journal, make_engines, transaction
from lethe.adapters.sql.repositories.answer_cache import SqlAnswerCache
from lethe.adapters.sql.repositories.api_keys import SqlApiKeys
from lethe.adapters.sql.repositories.artefacts import SqlArtefacts
from lethe.adapters.sql.repositories.audit_log import SqlAuditLog
from lethe.adapters.sql.repositories.audits import SqlAudits
from lethe.adapters.sql.repositories.builds import SqlBuilds
from lethe.adapters.sql.repositories.chunks import SqlChunks
from lethe.adapters.sql.repositories.dead_letters import SqlDeadLetters, SqlTallies
from lethe.adapters.sql.repositories.dispatches import SqlDispatches
from lethe.adapters.sql.repositories.documents import SqlDocuments
from lethe.adapters.sql.repositories.erasures import SqlErasures, SqlSuppressions
from lethe.adapters.sql.repositories.feedback import SqlFeedback
from lethe.adapters.sql.repositories.glossaries import SqlGlossaries
from lethe.adapters.sql.repositories.idempotency import SqlIdempotency
from lethe.adapters.sql.repositories.ingestions import SqlIngestions
from lethe.adapters.sql.repositories.migrations import SqlMigrations
from lethe.adapters.sql.repositories.personal import SqlPersonal
from lethe.adapters.sql.repositories.probes import SqlProbes
from lethe.adapters.sql.repositories.processors import SqlProcessorCalls, SqlProcessorPolicies
from lethe.adapters.sql.repositories.quarantines import SqlQuarantines
from lethe.adapters.sql.repositories.questions import SqlQuestions
from lethe.adapters.sql.repositories.refusals import SqlRefusals
from lethe.adapters.sql.repositories.reindexing import SqlReindexes
from lethe.adapters.sql.repositories.retention import SqlRetention
from lethe.adapters.sql.repositories.selections import SqlSelections
from lethe.adapters.sql.repositories.sources import SqlSources
from lethe.adapters.sql.repositories.subjects import SqlSubjects
from lethe.adapters.sql.repositories.syncs import SqlSyncs
from lethe.adapters.sql.repositories.tenants import SqlTenants
from lethe.adapters.sql.repositories.texts import SqlTexts
from lethe.adapters.sql.repositories.versions import SqlVersions
from lethe.adapters.sql.repositories.webhooks import SqlWebhooks
from lethe.adapters.sql.stamps import StampGuard
from lethe.settings import Settings


class SqlUnit:
    """One transaction and its repositories."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.tenants = SqlTenants(connection)
        self.api_keys = SqlApiKeys(connection)
        self.documents = SqlDocuments(connection)
        self.versions = SqlVersions(connection)
        self.chunks = SqlChunks(connection)
        self.builds = SqlBuilds(connection)
        self.artefacts = SqlArtefacts(connection)
        self.subjects = SqlSubjects(connection)
        self.dispatches = SqlDispatches(connection)
        self.dead_letters = SqlDeadLetters(connection)
        self.webhooks = SqlWebhooks(connection)
        self.tallies = SqlTallies(connection)
        self.questions = SqlQuestions(connection)
        self.feedback = SqlFeedback(connection)
        self.idempotency = SqlIdempotency(connection)
        self.processor_calls = SqlProcessorCalls(connection)
        self.processor_policies = SqlProcessorPolicies(connection)
        self.glossaries = SqlGlossaries(connection)
        self.ingestions = SqlIngestions(connection)
        self.quarantines = SqlQuarantines(connection)
        self.audits = SqlAudits(connection)
        self.selections = SqlSelections(connection)
        self.retention = SqlRetention(connection)
        self.probes = SqlProbes(connection)
        self.reindexes = SqlReindexes(connection)
        self.texts = SqlTexts(connection)
        self.refusals = SqlRefusals(connection)
        self.migrations = SqlMigrations(connection)
        self.answer_cache = SqlAnswerCache(connection)
        self.erasures = SqlErasures(connection)
        self.suppressions = SqlSuppressions(connection)
        self.sources = SqlSources(connection)
        self.syncs = SqlSyncs(connection)
        self.audit_log = SqlAuditLog(connection)
        self.personal = SqlPersonal(connection)


class SqlLedger:
    """lethe.ports.ledger.Ledger. Its first unit checks that the database carries this environment's stamp.

    Raises EnvironmentMismatch if it carries another's, ConfigurationError if it has no schema.
    """

    def __init__(self, engines: Engines, guard: StampGuard) -> None:
        self._engines = engines
        self._guard = guard

    @classmethod
    def from_settings(cls, settings: Settings) -> "SqlLedger":
        """Connects on first use."""
        return cls(make_engines(settings.sql_url, settings.sql), StampGuard("ledger", settings.environment))

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[SqlUnit]:
        async with self._unit(self._engines.reading) as unit:
            yield unit

    @asynccontextmanager
    async def write(self) -> AsyncGenerator[SqlUnit]:
        async with self._unit(self._engines.writing) as unit:
            yield unit

    @asynccontextmanager
    async def _unit(self, engine: AsyncEngine) -> AsyncGenerator[SqlUnit]:
        async with transaction(engine) as connection:
            await self._guard.check(connection)
            yield SqlUnit(connection)

    async def connect(self) -> None:
        """Wait until SQL answers, and check whose it is: for start-up, where the database may still be booting."""
        await self._guard.connect(self._engines.reading)

    async def empty_journal(self) -> bool:
        return await empty_journal(self._engines.writing)

    async def ready(self) -> bool:
        return await answers(self._engines.reading)

    async def close(self) -> None:
        await self._engines.close()
