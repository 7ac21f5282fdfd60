"""Migrations of tenants' indexes."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_UNDER_WAY = sa.text("state IN ('building', 'checking', 'ready', 'soaking')")


def _spec(name: str, length: int) -> sa.Column:
    return sa.Column(name, sa.String(length=length), nullable=False)


def _time(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "migrations",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("principal_id", sa.Uuid(as_uuid=False), nullable=False),
        _spec("state", 32),
        _spec("source_spec", 200),
        _spec("source_parameters", 100),
        _spec("target_spec", 200),
        _spec("target_parameters", 100),
        sa.Column("soak_seconds", sa.Float(), nullable=False),
        sa.Column("budget_micros", sa.BigInteger(), nullable=True),
        sa.Column("is_canary", sa.Boolean(), nullable=False),
        sa.Column("is_automatic", sa.Boolean(), nullable=False),
        *(sa.Column(name, sa.JSON(), nullable=False) for name in ("judgements", "plan", "report")),
        sa.Column("is_paused", sa.Boolean(), nullable=False),
        sa.Column("move", sa.String(length=32), nullable=True),
        _spec("code", 64),
        _time("created_at"),
        _time("updated_at"),
        _time("cut_over_at", nullable=True),
        _time("ended_at", nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_migrations_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_migrations")),
    )
    op.create_index(op.f("ix_migrations_tenant_id_created_at_id"), "migrations", ["tenant_id", "created_at", "id"])
    op.create_index(
        "uq_migrations_under_way",
        "migrations",
        ["tenant_id"],
        unique=True,
        sqlite_where=_UNDER_WAY,
        postgresql_where=_UNDER_WAY,
    )


def downgrade() -> None:
    op.drop_table("migrations")
