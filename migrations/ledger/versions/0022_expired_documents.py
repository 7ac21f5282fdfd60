"""Which run removed what was past its time; documents sent again before ages were kept are as old as last sent."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

documents = sa.table("documents", sa.column("tenant_id"), sa.column("id"), sa.column("renewed_at"))
versions = sa.table("document_versions", *map(sa.column, ("tenant_id", "document_id", "created_at", "rewritten_at")))


def upgrade() -> None:
    op.add_column("documents", sa.Column("expired_by", sa.Uuid(as_uuid=False), nullable=True))
    last_sent = (
        sa.select(sa.func.max(versions.c.created_at))
        .where(versions.c.tenant_id == documents.c.tenant_id, versions.c.document_id == documents.c.id)
        .where(versions.c.rewritten_at.is_(None))
        .scalar_subquery()
    )
    op.execute(sa.update(documents).where(documents.c.renewed_at.is_(None)).values(renewed_at=last_sent))
