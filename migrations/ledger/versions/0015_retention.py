"""How long what is kept is kept."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("renewed_at", "expires_at"):
        op.add_column("documents", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "retention_policies",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=True)
            for name in ("document_days", "question_days", "dead_letter_days")
        ),
        sa.Column("changed_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_retention_policies_tenant_id_tenants")
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_retention_policies")),
    )
    op.create_table(
        "retention_runs",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("trigger", sa.String(length=32), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_retention_runs_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_retention_runs")),
    )
    columns = ["tenant_id", "created_at", "id"]
    op.create_index(op.f("ix_retention_runs_tenant_id_created_at_id"), "retention_runs", columns, unique=False)
    op.create_table(
        "retention_counts",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("run_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("matched", "held", "removed")),
        sa.Column("oldest_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "run_id"],
            ["retention_runs.tenant_id", "retention_runs.id"],
            name=op.f("fk_retention_counts_tenant_id_run_id_retention_runs"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "run_id", "kind", name=op.f("pk_retention_counts")),
    )
