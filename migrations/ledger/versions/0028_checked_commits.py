"""Up to which commit the build of a migration was compared."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("migrations", sa.Column("checked_seq", sa.BigInteger(), nullable=True))
