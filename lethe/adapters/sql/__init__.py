"""The ledger on SQLite and PostgreSQL."""

from lethe.adapters.sql.ledger import SqlLedger

__all__ = ["SqlLedger"]
