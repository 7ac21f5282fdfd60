"""How long it takes to embed anew what a change of the pipeline affects."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("reindexes") as batch:
        batch.add_column(sa.Column("seconds", sa.Double(), nullable=False, server_default="0"))
    with op.batch_alter_table("reindexes") as batch:
        batch.alter_column("seconds", server_default=None)
