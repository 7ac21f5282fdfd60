"""Which versions were written anew without somebody."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("document_versions", sa.Column("rewritten_at", sa.DateTime(timezone=True), nullable=True))
