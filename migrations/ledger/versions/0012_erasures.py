"""Erasure requests and suppressions; restriction, purpose and legal basis of documents."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_ALWAYS = ("created", "updated", "deadline")
_STATES = ("accepted", "fenced", "discovered", "deleted", "purged", "verified", "certified", "ended")


def upgrade() -> None:
    for name, kind in (
        ("restricted_at", sa.DateTime(timezone=True)),
        ("restriction_reason", sa.String(length=32)),
        ("purpose", sa.String(length=32)),
        ("legal_basis", sa.String(length=32)),
    ):
        op.add_column("documents", sa.Column(name, kind, nullable=True))
    _requests()
    _details()
    op.create_table(
        "suppressions",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("tag", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_suppressions_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("tenant_id", "tag", name=op.f("pk_suppressions")),
    )


def _requests() -> None:
    op.create_table(
        "erasures",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("basis", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("document_ids", sa.JSON(), nullable=False),
        sa.Column("prefix_hmacs", sa.JSON(), nullable=False),
        sa.Column("requested_by", sa.Uuid(as_uuid=False), nullable=False),
        *(sa.Column(f"{name}_at", sa.DateTime(timezone=True), nullable=False) for name in _ALWAYS),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("needs_approval", sa.Boolean(), nullable=False),
        sa.Column("approved_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("held_from", sa.String(length=32), nullable=True),
        sa.Column("hold_reason", sa.String(length=32), nullable=False),
        sa.Column("rounds", sa.Integer(), nullable=False),
        *(sa.Column(f"{name}_at", sa.DateTime(timezone=True), nullable=True) for name in _STATES),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_erasures_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_erasures")),
    )
    op.create_index(op.f("ix_erasures_tenant_id_created_at_id"), "erasures", ["tenant_id", "created_at", "id"])
    op.create_index(
        "ix_erasures_fencing",
        "erasures",
        ["tenant_id", "id"],
        sqlite_where=sa.text("fenced_at IS NOT NULL AND ended_at IS NULL"),
        postgresql_where=sa.text("fenced_at IS NOT NULL AND ended_at IS NULL"),
    )


def _details() -> None:
    _table(
        "erasure_identifiers",
        ("kind", "blind"),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("blind", sa.String(length=64), nullable=False),
        sa.Column("tag", sa.String(length=32), nullable=False),
        sa.Column("sealed_identifier", sa.LargeBinary(), nullable=False),
    )
    _table("erasure_subjects", ("subject_id",), sa.Column("subject_id", sa.Uuid(as_uuid=False), nullable=False))
    op.create_index(op.f("ix_erasure_subjects_tenant_id_subject_id"), "erasure_subjects", ["tenant_id", "subject_id"])
    _table(
        "erasure_items",
        ("store", "kind", "ref"),
        sa.Column("store", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("ref", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index(
        op.f("ix_erasure_items_tenant_id_erasure_id_state"), "erasure_items", ["tenant_id", "erasure_id", "state"]
    )
    _table(
        "erasure_stores",
        ("store",),
        sa.Column("store", sa.String(length=32), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("located", "erased", "held", "remaining")),
        sa.Column("method", sa.String(length=32), nullable=False),
        sa.Column("purge", sa.String(length=32), nullable=False),
        sa.Column("horizon_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    )


def _table(name: str, key: tuple[str, ...], *columns: sa.Column[object]) -> None:
    op.create_table(
        name,
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("erasure_id", sa.Uuid(as_uuid=False), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(
            ["tenant_id", "erasure_id"],
            ["erasures.tenant_id", "erasures.id"],
            name=op.f(f"fk_{name}_tenant_id_erasure_id_erasures"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "erasure_id", *key, name=op.f(f"pk_{name}")),
    )
