"""Dead letters by place and content, decisions on many of them, tallies of ended ingestions."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The defaults are for the rows that are there; the table declares none.
    with op.batch_alter_table("dispatches", recreate="auto") as batch:
        batch.add_column(sa.Column("again", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("dispatches", recreate="always") as batch:
        batch.alter_column("again", server_default=None)
    with op.batch_alter_table("dead_letters", recreate="auto") as batch:
        batch.add_column(sa.Column("content_fp", sa.String(length=64), nullable=False, server_default=""))
        batch.add_column(sa.Column("cause_code", sa.String(length=64), nullable=False, server_default=""))
        batch.add_column(sa.Column("openings", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("opening_id", sa.Uuid(as_uuid=False), nullable=True))
        batch.add_column(sa.Column("decision_id", sa.Uuid(as_uuid=False), nullable=True))
        batch.add_column(sa.Column("page", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("first_chunk", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("last_chunk", sa.Integer(), nullable=True))
    with op.batch_alter_table("dead_letters", recreate="always") as batch:
        for name in ("content_fp", "cause_code", "openings"):
            batch.alter_column(name, server_default=None)
    op.create_index(
        "ix_dead_letters_poison",
        "dead_letters",
        ["tenant_id", "content_fp"],
        unique=False,
        sqlite_where=sa.text("failure_class = 'poison'"),
        postgresql_where=sa.text("failure_class = 'poison'"),
    )
    op.create_table(
        "letter_resolutions",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("failure_class", sa.String(length=32), nullable=True),
        sa.Column("code", sa.String(length=64), nullable=True),
        sa.Column("step", sa.String(length=64), nullable=True),
        sa.Column("created_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("matched", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("cursor_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cursor_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_letter_resolutions_tenant_id_tenants")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_letter_resolutions")),
    )
    op.create_table(
        "ingestion_tallies",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("minute", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ready", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_ingestion_tallies_tenant_id_tenants")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "minute", name=op.f("pk_ingestion_tallies")),
    )
