"""How many texts an audit did not find in a build since its model refuses them."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("audit_counts") as batch:
        batch.add_column(sa.Column("refused", sa.BigInteger(), nullable=False, server_default="0"))
    with op.batch_alter_table("audit_counts") as batch:
        batch.alter_column("refused", server_default=None)
