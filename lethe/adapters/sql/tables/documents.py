"""Documents, who may read them, their versions, chunks, and the embedding cache."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    text,
)

from lethe.adapters.sql.tables.metadata import id_key, metadata, of_tenant, refers, tenant_key
from lethe.adapters.sql.types import TextTuple, UtcDateTime, column, id_column, word
from lethe.model.documents import Status

documents = Table(
    "documents",
    metadata,
    tenant_key(),
    id_key(),
    column("source_hmac", String(64), nullable=True),
    column("status", word(Status)),
    column("epoch", BigInteger),
    column("next_submission", BigInteger),
    column("live_submission", BigInteger),
    id_column("live_version_id", nullable=True),
    column("created_at", UtcDateTime),
    column("updated_at", UtcDateTime),
    column("deleted_at", UtcDateTime, nullable=True),
    column("fenced_at", UtcDateTime, nullable=True),
    of_tenant(),
    # P1: one document per source URI. A document on its way out does not hold its URI.
    Index(
        "uq_documents_tenant_id_source_hmac",
        "tenant_id",
        "source_hmac",
        unique=True,
        sqlite_where=text("deleted_at IS NULL"),
        postgresql_where=text("deleted_at IS NULL"),
    ),
    Index(None, "tenant_id", "created_at", "id"),
)

document_readers = Table(
    "document_readers",
    metadata,
    tenant_key(),
    id_key("document_id"),
    id_key("reader_id"),
    refers("document_id", "documents", cascade=True),
    Index(None, "tenant_id", "reader_id", "document_id"),
)

document_versions = Table(
    "document_versions",
    metadata,
    tenant_key(),
    id_key(),
    id_column("document_id"),
    column("submission", BigInteger),
    column("epoch", BigInteger),
    column("status", word(Status)),
    column("blob_key", String(200)),
    column("readers", TextTuple),
    column("classification", String(64)),
    column("sealed_source_uri", LargeBinary),
    column("sealed_title", LargeBinary),
    column("sealed_metadata", LargeBinary),
    column("created_at", UtcDateTime),
    column("updated_at", UtcDateTime),
    column("title_given", Boolean),
    column("filename_suffix", String(32)),
    column("media_type", String(200)),
    column("size_bytes", BigInteger),
    column("content_hmac", String(64)),
    column("content_fp", String(64)),
    column("meta_fp", String(64)),
    column("chunk_count", Integer),
    column("live_from", BigInteger, nullable=True),
    column("live_until", BigInteger, nullable=True),
    id_column("ingestion_id", nullable=True),
    column("position", BigInteger, nullable=True),
    column("archive_entry", BigInteger, nullable=True),
    refers("document_id", "documents"),
    Index("uq_document_versions_submission", "tenant_id", "document_id", "submission", unique=True),
    # P2: a document never has two versions without an end, whatever the code does.
    Index(
        "uq_document_versions_live",
        "tenant_id",
        "document_id",
        unique=True,
        sqlite_where=text("live_from IS NOT NULL AND live_until IS NULL"),
        postgresql_where=text("live_from IS NOT NULL AND live_until IS NULL"),
    ),
    Index(
        "ix_document_versions_receiving",
        "created_at",
        sqlite_where=text("status = 'receiving'"),
        postgresql_where=text("status = 'receiving'"),
    ),
    Index(
        "ix_document_versions_ingestion",
        "tenant_id",
        "ingestion_id",
        "position",
        sqlite_where=text("ingestion_id IS NOT NULL"),
        postgresql_where=text("ingestion_id IS NOT NULL"),
    ),
    Index(
        "ix_document_versions_replaced",
        "tenant_id",
        "updated_at",
        sqlite_where=text("live_until IS NOT NULL"),
        postgresql_where=text("live_until IS NOT NULL"),
    ),
)

chunks = Table(
    "chunks",
    metadata,
    tenant_key(),
    id_key(),
    id_column("version_id"),
    id_column("document_id"),
    column("ordinal", Integer),
    column("sealed_text", LargeBinary),
    column("sealed_section", LargeBinary),
    column("text_hmac", String(64)),
    column("start", Integer),
    column("end", Integer),
    column("tokens", Integer),
    column("language", String(16)),
    column("page", Integer, nullable=True),
    refers("version_id", "document_versions", cascade=True),
    Index("uq_chunks_ordinal", "tenant_id", "version_id", "ordinal", unique=True),
)

chunk_vectors = Table(
    "chunk_vectors",
    metadata,
    tenant_key(),
    id_key("chunk_id"),
    id_column("version_id"),
    Column("spec", String(200), primary_key=True),
    column("text_hmac", String(64)),
    column("sealed_vector", LargeBinary),
    ForeignKeyConstraint(["tenant_id", "chunk_id"], ["chunks.tenant_id", "chunks.id"], ondelete="CASCADE"),
    Index("ix_chunk_vectors_text", "tenant_id", "text_hmac", "spec"),
)
