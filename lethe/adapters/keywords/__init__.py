"""ports.keywords.KeywordIndex in SQL: a file per build beside a SQLite ledger, UNLOGGED tables in PostgreSQL."""

from lethe.adapters.keywords.choice import keywords_from_settings
from lethe.adapters.keywords.postgres import PostgresKeywords
from lethe.adapters.keywords.sqlite import SqliteKeywords

__all__ = ["PostgresKeywords", "SqliteKeywords", "keywords_from_settings"]
