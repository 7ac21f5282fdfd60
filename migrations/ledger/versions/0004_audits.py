"""Quarantines, source prefixes, audits and selections. Prefixes of older documents are added by the audit."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _id(name: str) -> sa.Column:
    return sa.Column(name, sa.Uuid(as_uuid=False), nullable=False)


def _word(name: str, length: int = 32) -> sa.Column:
    return sa.Column(name, sa.String(length=length), nullable=False)


def _count(name: str) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _time(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _of_tenant(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name=op.f(f"fk_{table}_tenant_id_tenants"))


def _cascade(table: str, column: str, parent: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{parent}.tenant_id", f"{parent}.id"],
        name=op.f(f"fk_{table}_tenant_id_{column}_{parent}"),
        ondelete="CASCADE",
    )


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint("tenant_id", *columns, name=op.f(f"pk_{table}"))


def upgrade() -> None:
    op.create_table(
        "quarantines",
        _id("tenant_id"),
        _id("id"),
        _word("kind"),
        _word("target", 64),
        _word("reason"),
        _id("principal_id"),
        sa.Column("sealed_prefix", sa.LargeBinary(), nullable=False),
        _time("created_at"),
        _time("lifted_at", nullable=True),
        _of_tenant("quarantines"),
        _key("quarantines", "id"),
    )
    op.create_index(op.f("ix_quarantines_tenant_id_created_at_id"), "quarantines", ["tenant_id", "created_at", "id"])
    op.create_index(
        "ix_quarantines_in_force",
        "quarantines",
        ["tenant_id", "kind", "target"],
        sqlite_where=sa.text("lifted_at IS NULL"),
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    op.create_table(
        "document_quarantines",
        _id("tenant_id"),
        _id("document_id"),
        _id("quarantine_id"),
        _cascade("document_quarantines", "document_id", "documents"),
        _cascade("document_quarantines", "quarantine_id", "quarantines"),
        _key("document_quarantines", "document_id", "quarantine_id"),
    )
    op.create_index(
        op.f("ix_document_quarantines_tenant_id_quarantine_id"), "document_quarantines", ["tenant_id", "quarantine_id"]
    )
    op.create_table(
        "source_prefixes",
        _id("tenant_id"),
        _id("document_id"),
        _word("prefix_hmac", 64),
        _cascade("source_prefixes", "document_id", "documents"),
        _key("source_prefixes", "document_id", "prefix_hmac"),
    )
    op.create_index(
        op.f("ix_source_prefixes_tenant_id_prefix_hmac_document_id"),
        "source_prefixes",
        ["tenant_id", "prefix_hmac", "document_id"],
    )
    op.create_table(
        "audits",
        _id("tenant_id"),
        _id("id"),
        _word("state"),
        _word("trigger"),
        _time("created_at"),
        _time("ended_at", nullable=True),
        _of_tenant("audits"),
        _key("audits", "id"),
    )
    op.create_index(op.f("ix_audits_tenant_id_created_at_id"), "audits", ["tenant_id", "created_at", "id"])
    op.create_table(
        "audit_counts",
        _id("tenant_id"),
        _id("audit_id"),
        _word("store"),
        _id("build_id"),
        *(_count(name) for name in ("expected", "found", "orphans", "holes", "stale", "repaired")),
        _cascade("audit_counts", "audit_id", "audits"),
        _key("audit_counts", "audit_id", "store", "build_id"),
    )
    op.create_table(
        "selections",
        _id("tenant_id"),
        _id("id"),
        _word("action"),
        _word("state"),
        _id("principal_id"),
        _word("role"),
        sa.Column("readers", sa.JSON(), nullable=False),
        sa.Column("sealed_wish", sa.LargeBinary(), nullable=False),
        *(_count(name) for name in ("matched", "done", "skipped")),
        _time("created_at"),
        _time("ended_at", nullable=True),
        _of_tenant("selections"),
        _key("selections", "id"),
    )
    op.create_index(op.f("ix_selections_tenant_id_created_at_id"), "selections", ["tenant_id", "created_at", "id"])


def downgrade() -> None:
    for table in (
        "selections",
        "audit_counts",
        "audits",
        "source_prefixes",
        "document_quarantines",
        "quarantines",
    ):
        op.drop_table(table)
