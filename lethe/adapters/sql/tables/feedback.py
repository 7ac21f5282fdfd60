"""Verdicts on answers."""

from sqlalchemy import Index, LargeBinary, Table

from lethe.adapters.sql.tables.metadata import id_key, metadata, refers, tenant_key
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
