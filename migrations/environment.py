"""What both branches' `env.py` do: run on the connection the runner holds, in its transaction."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Enum

from lethe.adapters.sql.types import IdText, TextTuple, UtcDateTime


def run() -> None:
    """Migrate on the connection in the configuration's attributes."""
    attributes = context.config.attributes
    context.configure(
        connection=attributes["connection"],
        target_metadata=attributes["metadata"],
        transactional_ddl=True,
        render_item=_plain_type,
    )
    context.run_migrations()


def _plain_type(kind: str, item: Any, _autogen: AutogenContext) -> str | Literal[False]:
    """A revision names SQLAlchemy's own types only, so that it means the same when ours have changed."""
    if kind != "type":
        return False
    if isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, IdText):
        return "sa.Uuid(as_uuid=False)"
    if isinstance(item, TextTuple):
        return "sa.JSON()"
    if isinstance(item, Enum):
        return f"sa.String(length={item.length})"
    return False
