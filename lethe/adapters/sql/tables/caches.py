"""Answers kept for the next one who asks the same."""

from sqlalchemy import Column, ForeignKeyConstraint, Index, LargeBinary, String, Table

from lethe.adapters.sql.tables.metadata import id_key, metadata, refers, tenant_key
from lethe.adapters.sql.types import UtcDateTime, column, id_column

cached_answers = Table(
    "cached_answers",
    metadata,
    tenant_key(),
    Column("key_hmac", String(64), primary_key=True),
    column("bucket_hmac", String(64)),
    id_column("question_id"),
    column("created_at", UtcDateTime),
    column("used_at", UtcDateTime),
    column("sealed_vector", LargeBinary, nullable=True),
    refers("question_id", "questions", cascade=True),
    Index(None, "tenant_id", "question_id"),
    Index(None, "tenant_id", "bucket_hmac", "created_at"),
    Index(None, "tenant_id", "used_at"),
    Index(None, "created_at"),
)

cached_answer_sources = Table(
    "cached_answer_sources",
    metadata,
    tenant_key(),
    Column("key_hmac", String(64), primary_key=True),
    id_key("version_id"),
    # Not to versions: one that was replaced must be found gone, not the row that names it.
    ForeignKeyConstraint(
        ["tenant_id", "key_hmac"], ["cached_answers.tenant_id", "cached_answers.key_hmac"], ondelete="CASCADE"
    ),
    Index(None, "tenant_id", "version_id"),
)
