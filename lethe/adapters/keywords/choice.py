"""Which engine holds the keyword builds: that of the ledger."""

from lethe.adapters.keywords.postgres import PostgresKeywords
from lethe.adapters.keywords.sqlite import SqliteKeywords
from lethe.adapters.sql.engine import make_engines
from lethe.ports.keywords import KeywordIndex
from lethe.settings import Settings


def keywords_from_settings(settings: Settings) -> KeywordIndex:
    """Connects at first use, not here. Raises ConfigurationError for an address of another engine."""
    if settings.sql_url.startswith("sqlite"):
        return SqliteKeywords(settings.keyword_folder, settings.sql.busy_timeout_ms / 1000)
    return PostgresKeywords(make_engines(settings.sql_url, settings.sql))
