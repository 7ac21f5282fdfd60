"""When the vectors went that a migration left behind."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("migrations", sa.Column("swept_at", sa.DateTime(timezone=True), nullable=True))
