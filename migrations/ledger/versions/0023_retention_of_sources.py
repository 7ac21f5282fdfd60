"""How long documents of a source stay that it does not name any more."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sources", sa.Column("retention_days", sa.Integer(), nullable=True))
