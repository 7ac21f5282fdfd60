"""Rows that drive and record work."""

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, String, Table, text

from lethe.adapters.sql.tables.metadata import id_key, metadata, of_tenant, refers, tenant_key
from lethe.adapters.sql.types import UtcDateTime, column, id_column, word
from lethe.errors import FailureClass
from lethe.model.operations import DeadLetterState, DispatchKind, LetterAction

dispatches = Table(
    "dispatches",
    metadata,
    tenant_key(),
    Column("workflow_id", String(200), primary_key=True),
    column("kind", word(DispatchKind)),
    id_column("ref"),
    column("created_at", UtcDateTime),
    column("dispatched_at", UtcDateTime, nullable=True),
    column("again", Boolean),
    of_tenant(),
    Index(None, "tenant_id", "ref"),
    Index(
        "ix_dispatches_pending",
        "created_at",
        sqlite_where=text("dispatched_at IS NULL"),
        postgresql_where=text("dispatched_at IS NULL"),
    ),
)

dead_letters = Table(
    "dead_letters",
    metadata,
    tenant_key(),
    id_key(),
    id_column("document_id"),
    id_column("version_id"),
    column("workflow_id", String(200)),
    column("step", String(64)),
    column("code", String(64)),
    column("failure_class", word(FailureClass)),
    column("attempts", Integer),
    column("input_hmac", String(64)),
    column("sealed_detail", LargeBinary),
    column("state", word(DeadLetterState)),
    column("created_at", UtcDateTime),
    column("updated_at", UtcDateTime),
    column("content_fp", String(64)),
    column("cause_code", String(64)),
    column("openings", Integer),
    id_column("opening_id", nullable=True),
    id_column("decision_id", nullable=True),
    column("page", Integer, nullable=True),
    column("first_chunk", Integer, nullable=True),
    column("last_chunk", Integer, nullable=True),
    # A letter outlives its version (a discarded one stays visible) but not its document.
    refers("document_id", "documents", cascade=True),
    Index("uq_dead_letters_step", "tenant_id", "version_id", "step", unique=True),
    Index(None, "tenant_id", "created_at", "id"),
    Index("ix_dead_letters_document", "tenant_id", "document_id"),
    Index(
        "ix_dead_letters_poison",
        "tenant_id",
        "content_fp",
        sqlite_where=text("failure_class = 'poison'"),
        postgresql_where=text("failure_class = 'poison'"),
    ),
)

letter_resolutions = Table(
    "letter_resolutions",
    metadata,
    tenant_key(),
    id_key(),
    column("action", word(LetterAction)),
    column("failure_class", word(FailureClass), nullable=True),
    column("code", String(64), nullable=True),
    column("step", String(64), nullable=True),
    column("created_after", UtcDateTime, nullable=True),
    column("created_before", UtcDateTime),
    column("created_at", UtcDateTime),
    column("updated_at", UtcDateTime),
    column("matched", Integer),
    column("done", Integer),
    column("skipped", Integer),
    column("cursor_at", UtcDateTime, nullable=True),
    id_column("cursor_id", nullable=True),
    column("finished_at", UtcDateTime, nullable=True),
    of_tenant(),
)

ingestion_tallies = Table(
    "ingestion_tallies",
    metadata,
    tenant_key(),
    Column("minute", UtcDateTime, primary_key=True),
    column("ready", Integer),
    column("failed", Integer),
    of_tenant(),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    tenant_key(),
    id_key("principal_id"),
    Column("key_hmac", String(64), primary_key=True),
    column("request_hmac", String(64)),
    column("status", Integer),
    column("sealed_body", LargeBinary),
    id_column("key_id"),
    column("created_at", UtcDateTime),
    column("renewed_at", UtcDateTime),
    of_tenant(),
)
