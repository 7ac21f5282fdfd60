"""Sources, their items, and the syncs of each."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKeyConstraint, Index, Integer, LargeBinary, String, Table

from lethe.adapters.sql.tables.metadata import id_key, metadata, of_tenant, refers, tenant_key
from lethe.adapters.sql.types import TextTuple, UtcDateTime, column, id_column, word
from lethe.model.documents import LegalBasis
from lethe.model.principals import Role
from lethe.model.sources import SourceKind
from lethe.model.syncs import Decision, EntryState, ListedAs, SourceState, SyncState, SyncTrigger

sources = Table(
    "sources",
    metadata,
    tenant_key(),
    id_key(),
    column("kind", word(SourceKind)),
    column("state", word(SourceState)),
    column("sealed_spec", LargeBinary),
    column("readers", TextTuple),
    column("purpose", String(32), nullable=True),
    column("legal_basis", word(LegalBasis), nullable=True),
    column("every_seconds", Integer, nullable=True),
    column("cron", String(100)),
    column("jitter_seconds", Integer),
    column("catch_up_seconds", Integer),
    column("overdue_seconds", Integer, nullable=True),
    id_column("principal_id"),
    column("role", word(Role)),
    column("groups", TextTuple),
    column("created_at", UtcDateTime),
    column("updated_at", UtcDateTime),
    column("mapping", Integer),
    column("deletes_documents", Boolean),
    column("last_good_at", UtcDateTime, nullable=True),
    column("retention_days", Integer, nullable=True),
    id_column("paused_by", nullable=True),
    of_tenant(),
    Index(None, "tenant_id", "created_at", "id"),
)

source_items = Table(
    "source_items",
    metadata,
    tenant_key(),
    id_key("source_id"),
    Column("key_hmac", String(64), primary_key=True),
    column("revision_hmac", String(64)),
    id_column("document_id", nullable=True),
    column("state", word(EntryState)),
    column("mapping", Integer),
    id_column("seen_sync_id"),
    column("code", String(64)),
    refers("source_id", "sources", cascade=True),
    Index(None, "tenant_id", "document_id"),
)

syncs = Table(
    "syncs",
    metadata,
    tenant_key(),
    id_key(),
    id_column("source_id"),
    column("trigger", word(SyncTrigger)),
    column("is_dry_run", Boolean),
    column("state", word(SyncState)),
    column("created_at", UtcDateTime),
    column("started_at", UtcDateTime, nullable=True),
    column("ended_at", UtcDateTime, nullable=True),
    id_column("ingestion_id", nullable=True),
    column("decision", word(Decision), nullable=True),
    column("code", String(64)),
    column("known", BigInteger),
    column("listed", BigInteger),
    column("added", BigInteger),
    column("updated", BigInteger),
    column("skipped", BigInteger),
    column("vanished", BigInteger),
    column("deleted", BigInteger),
    column("failed", BigInteger),
    column("suppressed", BigInteger, nullable=True),
    refers("source_id", "sources", cascade=True),
    Index(None, "tenant_id", "source_id", "created_at", "id"),
)

sync_items = Table(
    "sync_items",
    metadata,
    tenant_key(),
    id_key(),
    id_column("sync_id"),
    column("key_hmac", String(64)),
    column("revision_hmac", String(64)),
    column("listed_as", word(ListedAs)),
    column("sealed_item", LargeBinary),
    ForeignKeyConstraint(["tenant_id", "sync_id"], ["syncs.tenant_id", "syncs.id"], ondelete="CASCADE"),
    Index(None, "tenant_id", "sync_id", "id"),
)
