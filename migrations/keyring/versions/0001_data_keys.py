"""Data keys, wrapped under the key of their tenant."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "environment_stamp",
        sa.Column("singleton", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("environment", sa.String(length=32), nullable=False),
        sa.Column("installation_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("store", sa.String(length=32), nullable=False),
        sa.CheckConstraint("singleton = 1", name=op.f("ck_environment_stamp_one_row")),
        sa.PrimaryKeyConstraint("singleton", name=op.f("pk_environment_stamp")),
    )
    op.create_table(
        "tenant_keys",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_tenant_keys")),
    )
    op.create_table(
        "data_keys",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("key_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant_keys.tenant_id"], name=op.f("fk_data_keys_tenant_id_tenant_keys")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "key_id", name=op.f("pk_data_keys")),
    )
    if op.get_bind().dialect.name == "postgresql":
        # The planner's statistics would hold some of the keys, in a table of their own. Nothing to clear: no ring is
        # older than this line, which was here before the first release.
        op.execute("ALTER TABLE data_keys ALTER COLUMN wrapped SET STATISTICS 0")
