"""Selections: one change to all documents that fit a description, carried out by one durable workflow."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lethe.model.ids import Id
from lethe.model.principals import Role


class SelectionAction(StrEnum):
    COUNT = "count"
    DELETE = "delete"
    UPDATE = "update"


class SelectionState(StrEnum):
    RUNNING = "running"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Selection:
    """``sealed_wish`` (which documents, and what to write) opens with the data key of the selection's own id.

    It is emptied, and its key destroyed, when the work is done. Only documents made before ``created_at`` are meant.
    ``matched`` counts documents that fit and that the caller may read, ``done`` those the change was carried out on,
    ``skipped`` those that were gone, or no longer the caller's to change, by then.
    """

    tenant_id: Id
    id: Id
    action: SelectionAction
    state: SelectionState
    principal_id: Id
    role: Role
    readers: tuple[Id, ...]
    sealed_wish: bytes
    matched: int
    done: int
    skipped: int
    created_at: datetime
    ended_at: datetime | None = None
