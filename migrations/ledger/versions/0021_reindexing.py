"""What turned the bytes of a version into chunks, and rounds that make versions anew."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("made_by_parser", "made_by_chunker", "made_by_policy"):
        op.add_column("document_versions", sa.Column(name, sa.String(length=200), nullable=True))
    op.create_table(
        "reindexes",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("matched", "parser", "chunker", "policy", "chunks", "tokens", "begun", "skipped", "failed")
        ),
        sa.Column("cost_micros", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_reindexes_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_reindexes")),
    )
    columns = ["tenant_id", "created_at", "id"]
    op.create_index(op.f("ix_reindexes_tenant_id_created_at_id"), "reindexes", columns, unique=False)
