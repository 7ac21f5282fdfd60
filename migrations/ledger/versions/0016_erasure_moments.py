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
    # Whatever may have destroyed something is not to be cancelled.
    op.execute(
        "UPDATE erasures SET erasing_at = coalesce(discovered_at, deleted_at, updated_at)"
        " WHERE rounds > 0 OR deleted_at IS NOT NULL OR certified_at IS NOT NULL"
    )
    # Empty for requests from before: nobody can tell which tags are theirs alone, so these stay until they are lifted.
    op.add_column("erasure_identifiers", sa.Column("tagged_at", sa.DateTime(timezone=True), nullable=True))
