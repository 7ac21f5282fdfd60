"""Probes of embedding models, and the vectors they are held against."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "embedding_probes",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("spec", sa.String(length=200), nullable=False),
        sa.Column("probed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("compared", sa.Integer(), nullable=False),
        sa.Column("worst", sa.Double(), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_embedding_probes_tenant_id_tenants")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "spec", name=op.f("pk_embedding_probes")),
    )
    op.create_table(
        "embedding_references",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("spec", sa.String(length=200), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("vector", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_embedding_references_tenant_id_tenants")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "spec", "number", name=op.f("pk_embedding_references")),
    )
