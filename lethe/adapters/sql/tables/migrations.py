"""Migrations of tenants' indexes."""

from sqlalchemy import JSON, BigInteger, Boolean, Float, Index, String, Table, text

from lethe.adapters.sql.tables.metadata import id_key, metadata, of_tenant, tenant_key
from lethe.adapters.sql.types import UtcDateTime, column, id_column, word
from lethe.model.migrations import UNDER_WAY, MigrationMove, MigrationState

_under_way = text(f"state IN ({', '.join(sorted(repr(state.value) for state in UNDER_WAY))})")

migrations = Table(
    "migrations",
    metadata,
    tenant_key(),
    id_key(),
    id_column("principal_id"),
    column("state", word(MigrationState)),
    column("source_spec", String(200)),
    column("source_parameters", String(100)),
    column("target_spec", String(200)),
    column("target_parameters", String(100)),
    column("soak_seconds", Float),
    column("budget_micros", BigInteger, nullable=True),
    column("is_canary", Boolean),
    column("is_automatic", Boolean),
    column("judgements", JSON),
    column("plan", JSON),
    column("report", JSON),
    column("is_paused", Boolean),
    column("move", word(MigrationMove), nullable=True),
    column("code", String(64)),
    column("created_at", UtcDateTime),
    column("updated_at", UtcDateTime),
    column("cut_over_at", UtcDateTime, nullable=True),
    column("ended_at", UtcDateTime, nullable=True),
    column("checked_seq", BigInteger, nullable=True),
    column("swept_at", UtcDateTime, nullable=True),
    column("despite_refused", Boolean),
    of_tenant(),
    Index(None, "tenant_id", "created_at", "id"),
    Index("uq_migrations_under_way", "tenant_id", unique=True, sqlite_where=_under_way, postgresql_where=_under_way),
)
