"""Index builds, artefacts, subjects, operations, questions and answers."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dispatches",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("workflow_id", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("ref", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dispatched_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_dispatches_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("tenant_id", "workflow_id", name=op.f("pk_dispatches")),
    )
    op.create_index(
        "ix_dispatches_pending",
        "dispatches",
        ["created_at"],
        unique=False,
        sqlite_where=sa.text("dispatched_at IS NULL"),
        postgresql_where=sa.text("dispatched_at IS NULL"),
    )
    op.create_index(op.f("ix_dispatches_tenant_id_ref"), "dispatches", ["tenant_id", "ref"], unique=False)
    op.create_table(
        "idempotency_keys",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("principal_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("key_hmac", sa.String(length=64), nullable=False),
        sa.Column("request_hmac", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("sealed_body", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("renewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_idempotency_keys_tenant_id_tenants")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "principal_id", "key_hmac", name=op.f("pk_idempotency_keys")),
    )
    op.create_table(
        "index_builds",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("spec", sa.String(length=200), nullable=False),
        sa.Column("parameters", sa.String(length=100), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("collection", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("served_from", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_index_builds_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_index_builds")),
    )
    op.create_index(
        "uq_index_builds_active",
        "index_builds",
        ["tenant_id", "kind"],
        unique=True,
        sqlite_where=sa.text("state = 'active'"),
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_index(
        "uq_index_builds_building",
        "index_builds",
        ["tenant_id", "kind"],
        unique=True,
        sqlite_where=sa.text("state = 'building'"),
        postgresql_where=sa.text("state = 'building'"),
    )
    op.create_index("uq_index_builds_number", "index_builds", ["tenant_id", "kind", "number"], unique=True)
    op.create_table(
        "questions",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("principal_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("readers", sa.JSON(), nullable=False),
        sa.Column("sealed_request", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_questions_tenant_id_tenants")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "answered_by"],
            ["questions.tenant_id", "questions.id"],
            name=op.f("fk_questions_tenant_id_answered_by_questions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_questions")),
    )
    op.create_index(op.f("ix_questions_tenant_id_answered_by"), "questions", ["tenant_id", "answered_by"], unique=False)
    op.create_index(
        "ix_questions_unanswered",
        "questions",
        ["created_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('asked', 'drafted')"),
        postgresql_where=sa.text("state IN ('asked', 'drafted')"),
    )
    op.create_table(
        "subjects",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_subjects_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_subjects")),
    )
    op.create_table(
        "answer_citations",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("question_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("chunk_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("version_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("document_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("text_hmac", sa.String(length=64), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "question_id"],
            ["questions.tenant_id", "questions.id"],
            name=op.f("fk_answer_citations_tenant_id_question_id_questions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "question_id", "number", name=op.f("pk_answer_citations")),
    )
    op.create_index(
        op.f("ix_answer_citations_tenant_id_document_id"),
        "answer_citations",
        ["tenant_id", "document_id"],
        unique=False,
    )
    op.create_table(
        "answers",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("question_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("mode", sa.String(length=32), nullable=False),
        sa.Column("sealed_body", sa.LargeBinary(), nullable=False),
        sa.Column("is_degraded", sa.Boolean(), nullable=False),
        sa.Column("degraded_reasons", sa.JSON(), nullable=False),
        sa.Column("is_final", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("index_build_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("embedding_spec", sa.String(length=200), nullable=False),
        sa.Column("provider", sa.String(length=64), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("model_fingerprint", sa.String(length=200), nullable=False),
        sa.Column("prompt_version", sa.String(length=64), nullable=False),
        sa.Column("tokens_in", sa.Integer(), nullable=False),
        sa.Column("tokens_out", sa.Integer(), nullable=False),
        sa.Column("cost_micros", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("timings_ms", sa.JSON(), nullable=False),
        sa.Column("routing", sa.String(length=200), nullable=False),
        sa.Column("attempts", sa.JSON(), nullable=False),
        sa.Column("is_regenerated", sa.Boolean(), nullable=False),
        sa.Column("costs_micros", sa.JSON(), nullable=False),
        sa.Column("context_tokens", sa.Integer(), nullable=False),
        sa.Column("tokens_saved", sa.Integer(), nullable=False),
        sa.Column("citations_removed", sa.Integer(), nullable=False),
        sa.Column("sentences_removed", sa.Integer(), nullable=False),
        sa.Column("groundedness", sa.Double(), nullable=True),
        sa.Column("judge", sa.String(length=300), nullable=False),
        sa.Column("judge_prompt", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "question_id"],
            ["questions.tenant_id", "questions.id"],
            name=op.f("fk_answers_tenant_id_question_id_questions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "question_id", name=op.f("pk_answers")),
    )
    op.create_table(
        "dead_letters",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("document_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("version_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("workflow_id", sa.String(length=200), nullable=False),
        sa.Column("step", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("failure_class", sa.String(length=32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("input_hmac", sa.String(length=64), nullable=False),
        sa.Column("sealed_detail", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "document_id"],
            ["documents.tenant_id", "documents.id"],
            name=op.f("fk_dead_letters_tenant_id_document_id_documents"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_dead_letters")),
    )
    op.create_index("ix_dead_letters_document", "dead_letters", ["tenant_id", "document_id"], unique=False)
    op.create_index(
        op.f("ix_dead_letters_tenant_id_created_at_id"), "dead_letters", ["tenant_id", "created_at", "id"], unique=False
    )
    op.create_index("uq_dead_letters_step", "dead_letters", ["tenant_id", "version_id", "step"], unique=True)
    op.create_table(
        "subject_identifiers",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("blind", sa.String(length=64), nullable=False),
        sa.Column("subject_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("sealed_identifier", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "subject_id"],
            ["subjects.tenant_id", "subjects.id"],
            name=op.f("fk_subject_identifiers_tenant_id_subject_id_subjects"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "kind", "blind", name=op.f("pk_subject_identifiers")),
    )
    op.create_table(
        "artefacts",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("version_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("store", sa.String(length=32), nullable=False),
        sa.Column("build_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "version_id"],
            ["document_versions.tenant_id", "document_versions.id"],
            name=op.f("fk_artefacts_tenant_id_version_id_document_versions"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "version_id", "store", "build_id", name=op.f("pk_artefacts")),
    )
    op.create_table(
        "subject_links",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("version_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("subject_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "subject_id"],
            ["subjects.tenant_id", "subjects.id"],
            name=op.f("fk_subject_links_tenant_id_subject_id_subjects"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "version_id"],
            ["document_versions.tenant_id", "document_versions.id"],
            name=op.f("fk_subject_links_tenant_id_version_id_document_versions"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "version_id", "subject_id", name=op.f("pk_subject_links")),
    )
