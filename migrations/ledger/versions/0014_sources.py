"""Sources, their items, and the syncs of each."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("document_versions", sa.Column("source_id", sa.Uuid(as_uuid=False), nullable=True))
    _sources()
    _syncs()


def _sources() -> None:
    op.create_table(
        "sources",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("sealed_spec", sa.LargeBinary(), nullable=False),
        sa.Column("readers", sa.JSON(), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=True),
        sa.Column("legal_basis", sa.String(length=32), nullable=True),
        sa.Column("every_seconds", sa.Integer(), nullable=True),
        sa.Column("cron", sa.String(length=100), nullable=False),
        sa.Column("jitter_seconds", sa.Integer(), nullable=False),
        sa.Column("catch_up_seconds", sa.Integer(), nullable=False),
        sa.Column("overdue_seconds", sa.Integer(), nullable=True),
        sa.Column("principal_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("groups", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mapping", sa.Integer(), nullable=False),
        sa.Column("deletes_documents", sa.Boolean(), nullable=False),
        sa.Column("last_good_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_sources_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_sources")),
    )
    op.create_index(op.f("ix_sources_tenant_id_created_at_id"), "sources", ["tenant_id", "created_at", "id"])
    op.create_table(
        "source_items",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("source_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("key_hmac", sa.String(length=64), nullable=False),
        sa.Column("revision_hmac", sa.String(length=64), nullable=False),
        sa.Column("document_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("mapping", sa.Integer(), nullable=False),
        sa.Column("seen_sync_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "source_id"],
            ["sources.tenant_id", "sources.id"],
            name=op.f("fk_source_items_tenant_id_source_id_sources"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "source_id", "key_hmac", name=op.f("pk_source_items")),
    )
    op.create_index(op.f("ix_source_items_tenant_id_document_id"), "source_items", ["tenant_id", "document_id"])


def _syncs() -> None:
    op.create_table(
        "syncs",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("source_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("trigger", sa.String(length=32), nullable=False),
        sa.Column("is_dry_run", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ingestion_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("decision", sa.String(length=32), nullable=True),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("known", sa.BigInteger(), nullable=False),
        sa.Column("listed", sa.BigInteger(), nullable=False),
        sa.Column("added", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.Column("skipped", sa.BigInteger(), nullable=False),
        sa.Column("vanished", sa.BigInteger(), nullable=False),
        sa.Column("deleted", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "source_id"],
            ["sources.tenant_id", "sources.id"],
            name=op.f("fk_syncs_tenant_id_source_id_sources"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_syncs")),
    )
    op.create_index(
        op.f("ix_syncs_tenant_id_source_id_created_at_id"), "syncs", ["tenant_id", "source_id", "created_at", "id"]
    )
    op.create_table(
        "sync_items",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("sync_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("key_hmac", sa.String(length=64), nullable=False),
        sa.Column("revision_hmac", sa.String(length=64), nullable=False),
        sa.Column("listed_as", sa.String(length=32), nullable=False),
        sa.Column("sealed_item", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "sync_id"],
            ["syncs.tenant_id", "syncs.id"],
            name=op.f("fk_sync_items_tenant_id_sync_id_syncs"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_sync_items")),
    )
    op.create_index(op.f("ix_sync_items_tenant_id_sync_id_id"), "sync_items", ["tenant_id", "sync_id", "id"])
