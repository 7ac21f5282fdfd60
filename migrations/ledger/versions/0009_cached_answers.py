"""Answers kept for the next one who asks the same."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cached_answers",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("key_hmac", sa.String(length=64), nullable=False),
        sa.Column("bucket_hmac", sa.String(length=64), nullable=False),
        sa.Column("question_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed_vector", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "question_id"],
            ["questions.tenant_id", "questions.id"],
            name=op.f("fk_cached_answers_tenant_id_question_id_questions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "key_hmac", name=op.f("pk_cached_answers")),
    )
    for columns in (
        ["tenant_id", "question_id"],
        ["tenant_id", "bucket_hmac", "created_at"],
        ["tenant_id", "used_at"],
        ["created_at"],
    ):
        op.create_index(op.f(f"ix_cached_answers_{'_'.join(columns)}"), "cached_answers", columns, unique=False)
    op.create_table(
        "cached_answer_sources",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("key_hmac", sa.String(length=64), nullable=False),
        sa.Column("version_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "key_hmac"],
            ["cached_answers.tenant_id", "cached_answers.key_hmac"],
            name=op.f("fk_cached_answer_sources_tenant_id_key_hmac_cached_answers"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "key_hmac", "version_id", name=op.f("pk_cached_answer_sources")),
    )
    op.create_index(
        op.f("ix_cached_answer_sources_tenant_id_version_id"),
        "cached_answer_sources",
        ["tenant_id", "version_id"],
        unique=False,
    )
