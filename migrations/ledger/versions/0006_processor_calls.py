"""What outside processors were sent, and which providers a tenant allows."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tenants", sa.Column("allowed_providers", sa.JSON(), nullable=True))
    op.create_table(
        "processor_calls",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("provider", sa.String(length=64), nullable=False),
        sa.Column("region", sa.String(length=64), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("operation", sa.String(length=32), nullable=False),
        sa.Column("inputs", sa.Integer(), nullable=False),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("principal_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("tokens_out", sa.BigInteger(), nullable=False),
        sa.Column("cost_micros", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("is_estimated", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_processor_calls_tenant_id_tenants")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_processor_calls")),
    )
    op.create_index(
        op.f("ix_processor_calls_tenant_id_created_at"), "processor_calls", ["tenant_id", "created_at"], unique=False
    )
    op.create_index("ix_processor_calls_created_at", "processor_calls", ["created_at"], unique=False)
    op.create_table(
        "processor_policies",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("principal_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("allowed", sa.JSON(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_processor_policies_tenant_id_tenants")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_processor_policies")),
    )
    op.create_index(
        op.f("ix_processor_policies_tenant_id_created_at_id"),
        "processor_policies",
        ["tenant_id", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "processor_call_refs",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("call_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("ref", sa.Uuid(as_uuid=False), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "call_id"],
            ["processor_calls.tenant_id", "processor_calls.id"],
            name=op.f("fk_processor_call_refs_tenant_id_call_id_processor_calls"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "call_id", "ref", name=op.f("pk_processor_call_refs")),
    )
    op.create_index(
        op.f("ix_processor_call_refs_tenant_id_ref"), "processor_call_refs", ["tenant_id", "ref"], unique=False
    )


def downgrade() -> None:
    op.drop_table("processor_call_refs")
    op.drop_table("processor_policies")
    op.drop_table("processor_calls")
    with op.batch_alter_table("tenants") as tenants:
        tenants.drop_column("allowed_providers")
