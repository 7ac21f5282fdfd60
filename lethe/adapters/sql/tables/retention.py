"""How long tenants keep what, and what each removal found."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table

from lethe.adapters.sql.tables.metadata import id_key, metadata, of_tenant, refers, tenant_key
from lethe.adapters.sql.types import UtcDateTime, column, id_column, word
from lethe.model.retention import RetentionKind, RetentionState, RetentionTrigger

retention_policies = Table(
    "retention_policies",
    metadata,
    tenant_key(),
    column("document_days", Integer, nullable=True),
    column("question_days", Integer, nullable=True),
    column("dead_letter_days", Integer, nullable=True),
    id_column("changed_by", nullable=True),
    column("changed_at", UtcDateTime, nullable=True),
    of_tenant(),
)

retention_runs = Table(
    "retention_runs",
    metadata,
    tenant_key(),
    id_key(),
    column("state", word(RetentionState)),
    column("trigger", word(RetentionTrigger)),
    column("dry_run", Boolean),
    column("created_at", UtcDateTime),
    column("ended_at", UtcDateTime, nullable=True),
    of_tenant(),
    Index(None, "tenant_id", "created_at", "id"),
)

retention_counts = Table(
    "retention_counts",
    metadata,
    tenant_key(),
    id_key("run_id"),
    Column("kind", word(RetentionKind), primary_key=True),
    column("matched", BigInteger),
    column("held", BigInteger),
    column("removed", BigInteger),
    column("oldest_at", UtcDateTime, nullable=True),
    refers("run_id", "retention_runs", cascade=True),
)
