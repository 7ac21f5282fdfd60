"""What was searched for and weighed for an answer."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("answers", sa.Column("sealed_trace", sa.LargeBinary(), nullable=True))
