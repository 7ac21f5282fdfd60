"""Verdicts on answers."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, String, Table

from lethe.adapters.sql.tables.metadata import id_key, metadata, of_tenant, refers, tenant_key
from lethe.adapters.sql.types import UtcDateTime, column, word
from lethe.model.feedback import Verdict

feedback = Table(
    "feedback",
    metadata,
    tenant_key(),
    id_key("question_id"),
    column("verdict", word(Verdict)),
    column("sealed_reason", LargeBinary, nullable=True),
    column("created_at", UtcDateTime),
    refers("question_id", "questions", cascade=True),
    Index(None, "tenant_id", "created_at", "question_id"),
    Index(None, "created_at"),
)

feedback_counts = Table(
    "feedback_counts",
    metadata,
    tenant_key(),
    Column("prompt_version", String(64), primary_key=True),
    column("up", BigInteger),
    column("down", BigInteger),
    of_tenant(),
)
"""Of verdicts that were erased."""
