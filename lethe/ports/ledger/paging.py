"""Keyset pages."""

from dataclasses import dataclass
from datetime import datetime

from lethe.model.ids import Id


@dataclass(frozen=True, slots=True)
class PageCursor:
    """Keyset position: rows are ordered by (created_at, id), newest first."""

    created_at: datetime
    id: Id
