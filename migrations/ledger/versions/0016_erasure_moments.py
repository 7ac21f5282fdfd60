"""When an erasure began to look, to destroy and to purge, and which suppressions it put."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("round", "erasing", "purging"):
        op.add_column("erasures", sa.Column(f"{name}_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("erasure_identifiers", sa.Column("tagged_at", sa.DateTime(timezone=True), nullable=True))
