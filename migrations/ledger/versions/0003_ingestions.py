"""Bulk ingestions, and which of them took a version in."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ingestions",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("principal_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("groups", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("batch_window", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("given", sa.BigInteger(), nullable=False),
        sa.Column("added", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.Column("skipped", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.Column("archive_key", sa.String(length=200), nullable=False),
        sa.Column("archive_hmac", sa.String(length=64), nullable=False),
        sa.Column("unpacked", sa.BigInteger(), nullable=False),
        sa.Column("sealed_options", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_ingestions_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_ingestions")),
    )
    op.create_index(
        op.f("ix_ingestions_tenant_id_created_at_id"), "ingestions", ["tenant_id", "created_at", "id"], unique=False
    )
    op.create_table(
        "ingestion_refusals",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("ingestion_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("sealed_name", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "ingestion_id"],
            ["ingestions.tenant_id", "ingestions.id"],
            name=op.f("fk_ingestion_refusals_tenant_id_ingestion_id_ingestions"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_ingestion_refusals")),
    )
    op.create_index(
        op.f("ix_ingestion_refusals_tenant_id_ingestion_id_id"),
        "ingestion_refusals",
        ["tenant_id", "ingestion_id", "id"],
        unique=False,
    )
    # Added, not the table made anew: on SQLite that would drop the old one, and by its foreign keys every chunk.
    op.add_column("document_versions", sa.Column("ingestion_id", sa.Uuid(as_uuid=False), nullable=True))
    op.add_column("document_versions", sa.Column("position", sa.BigInteger(), nullable=True))
    op.add_column("document_versions", sa.Column("archive_entry", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_document_versions_ingestion",
        "document_versions",
        ["tenant_id", "ingestion_id", "position"],
        unique=False,
        sqlite_where=sa.text("ingestion_id IS NOT NULL"),
        postgresql_where=sa.text("ingestion_id IS NOT NULL"),
    )
    op.create_index(
        "ix_document_versions_replaced",
        "document_versions",
        ["tenant_id", "updated_at"],
        unique=False,
        sqlite_where=sa.text("live_until IS NOT NULL"),
        postgresql_where=sa.text("live_until IS NOT NULL"),
    )
