"""Verdicts on answers."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "feedback",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("question_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("verdict", sa.String(length=32), nullable=False),
        sa.Column("sealed_reason", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "question_id"],
            ["questions.tenant_id", "questions.id"],
            name=op.f("fk_feedback_tenant_id_question_id_questions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "question_id", name=op.f("pk_feedback")),
    )
    for columns in (["tenant_id", "created_at", "question_id"], ["created_at"]):
        op.create_index(op.f(f"ix_feedback_{'_'.join(columns)}"), "feedback", columns, unique=False)
