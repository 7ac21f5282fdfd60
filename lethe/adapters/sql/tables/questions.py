"""Questions, answers, and the passages the answers cite."""

from typing import Final

from sqlalchemy import JSON, BigInteger, Boolean, Column, Double, Index, Integer, LargeBinary, String, Table, text

from lethe.adapters.sql.tables.metadata import id_key, metadata, of_tenant, refers, tenant_key
from lethe.adapters.sql.types import TextTuple, UtcDateTime, column, id_column, word
from lethe.model.answers import AnswerMode, QuestionState

UNANSWERED: Final = "state IN ('asked', 'drafted')"
"""To the letter: of SQLite only so the index is used."""

questions = Table(
    "questions",
    metadata,
    tenant_key(),
    id_key(),
    id_column("principal_id"),
    column("readers", TextTuple),
    column("sealed_request", LargeBinary),
    column("state", word(QuestionState)),
    column("seq", BigInteger),
    column("created_at", UtcDateTime),
    id_column("answered_by", nullable=True),
    of_tenant(),
    refers("answered_by", "questions", cascade=True),
    Index(None, "tenant_id", "answered_by"),
    Index(
        "ix_questions_unanswered",
        "created_at",
        sqlite_where=text(UNANSWERED),
        postgresql_where=text(UNANSWERED),
    ),
)

answers = Table(
    "answers",
    metadata,
    tenant_key(),
    id_key("question_id"),
    column("mode", word(AnswerMode)),
    column("sealed_body", LargeBinary),
    column("is_degraded", Boolean),
    column("degraded_reasons", TextTuple),
    column("is_final", Boolean),
    column("created_at", UtcDateTime),
    id_column("index_build_id", nullable=True),
    column("seq", BigInteger),
    column("embedding_spec", String(200)),
    column("provider", String(64)),
    column("model", String(200)),
    column("model_fingerprint", String(200)),
    column("prompt_version", String(64)),
    column("tokens_in", Integer),
    column("tokens_out", Integer),
    column("cost_micros", BigInteger),
    column("currency", String(3)),
    column("timings_ms", JSON),
    column("routing", String(200)),
    column("attempts", TextTuple),
    column("is_regenerated", Boolean),
    column("costs_micros", JSON),
    column("context_tokens", Integer),
    column("tokens_saved", Integer),
    column("citations_removed", Integer),
    column("sentences_removed", Integer),
    column("groundedness", Double, nullable=True),
    column("judge", String(300)),
    column("judge_prompt", String(64)),
    column("sealed_trace", LargeBinary, nullable=True),
    refers("question_id", "questions", cascade=True),
)

answer_citations = Table(
    "answer_citations",
    metadata,
    tenant_key(),
    id_key("question_id"),
    Column("number", Integer, primary_key=True, autoincrement=False),
    id_column("chunk_id"),
    id_column("version_id"),
    id_column("document_id"),
    column("text_hmac", String(64)),
    column("score", Double),
    # Not to chunks: an answer is kept after the version it cites was replaced.
    refers("question_id", "questions", cascade=True),
    Index(None, "tenant_id", "document_id"),
)
