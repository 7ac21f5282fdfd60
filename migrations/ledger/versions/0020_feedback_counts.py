"""Verdicts whose questions were erased, as bare numbers."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "feedback_counts",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("prompt_version", sa.String(length=64), nullable=False),
        sa.Column("up", sa.BigInteger(), nullable=False),
        sa.Column("down", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_feedback_counts_tenant_id_tenants")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "prompt_version", name=op.f("pk_feedback_counts")),
    )
