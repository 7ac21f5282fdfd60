"""How many rounds an erasure had before it was opened again."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("erasures") as batch:
        batch.add_column(sa.Column("rounds_before", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("erasures") as batch:
        batch.alter_column("rounds_before", server_default=None)
