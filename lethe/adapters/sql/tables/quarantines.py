"""Quarantines, the documents they hide, and what finds documents by the beginning of their source."""

from sqlalchemy import Column, Index, LargeBinary, String, Table, text

from lethe.adapters.sql.tables.metadata import id_key, metadata, of_tenant, refers, tenant_key
from lethe.adapters.sql.types import UtcDateTime, column, id_column, word
from lethe.model.quarantines import QuarantineKind

quarantines = Table(
    "quarantines",
    metadata,
    tenant_key(),
    id_key(),
    column("kind", word(QuarantineKind)),
    column("target", String(64)),
    column("reason", String(32)),
    id_column("principal_id"),
    column("sealed_prefix", LargeBinary),
    column("created_at", UtcDateTime),
    column("lifted_at", UtcDateTime, nullable=True),
    of_tenant(),
    Index(None, "tenant_id", "created_at", "id"),
    Index(
        "ix_quarantines_in_force",
        "tenant_id",
        "kind",
        "target",
        sqlite_where=text("lifted_at IS NULL"),
        postgresql_where=text("lifted_at IS NULL"),
    ),
)

document_quarantines = Table(
    "document_quarantines",
    metadata,
    tenant_key(),
    id_key("document_id"),
    id_key("quarantine_id"),
    refers("document_id", "documents", cascade=True),
    refers("quarantine_id", "quarantines", cascade=True),
    Index(None, "tenant_id", "quarantine_id"),
)
"""The gate asks for the document, by the primary key."""

source_prefixes = Table(
    "source_prefixes",
    metadata,
    tenant_key(),
    id_key("document_id"),
    Column("prefix_hmac", String(64), primary_key=True),
    refers("document_id", "documents", cascade=True),
    Index(None, "tenant_id", "prefix_hmac", "document_id"),
)
