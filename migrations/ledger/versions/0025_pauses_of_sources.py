"""Who has paused a source's schedule; how many of its items are not here for whom they show.

No pause is copied into the rows: none was ever released whose only trace is a note in Temporal.
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sources", sa.Column("paused_by", sa.Uuid(as_uuid=False), nullable=True))
    op.add_column("syncs", sa.Column("suppressed", sa.BigInteger(), nullable=True))
