"""Whether a way back was ordered though its model refuses texts."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("migrations") as batch:
        batch.add_column(sa.Column("despite_refused", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("migrations") as batch:
        batch.alter_column("despite_refused", server_default=None)
