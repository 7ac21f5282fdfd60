"""Deletions and updates of many documents on the wire."""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from api.schemas.base import Given, OpaqueId, Taken
from api.schemas.documents import DocumentChange
from api.schemas.quarantines import SourcePrefix
from lethe.model.filters import compile_predicate
from lethe.model.operations import DispatchKind
from lethe.model.selections import Selection, SelectionAction, SelectionState
from lethe.model.workflow_ids import dispatch_id


def _compiled(filters: dict[str, Any]) -> dict[str, Any]:
    # Here as well as in the use case: what is refused must not get as far as the idempotency record.
    compile_predicate(filters)
    return filters


class SelectionIn(Taken):
    """Which documents; exactly one of the four. ``dry_run`` counts and changes nothing.

    ``filter``: `{key: value}`, with the operators $eq, $in, $gt, $gte, $lt, $lte, $and and $or. ``source_prefix``: the
    source, and all below it.
    """

    ids: Annotated[list[OpaqueId], Field(min_length=1, max_length=10_000)] | None = None
    filter: Annotated[dict[str, Any], AfterValidator(_compiled)] | None = None
    source_prefix: SourcePrefix | None = None
    ingestion_id: OpaqueId | None = None
    dry_run: bool = False

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if [self.ids, self.filter, self.source_prefix, self.ingestion_id].count(None) != 3:
            raise ValueError("exactly one of ids, filter, source_prefix and ingestion_id is taken")
        return self


class UpdateIn(SelectionIn):
    """What to write to each document that fits. A field that is not sent keeps its value."""

    set: DocumentChange

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.set.model_fields_set:
            raise ValueError("set: at least one field is taken")
        return self


class SelectionOut(Given):
    """How far it is. ``matched`` documents fit, ``done`` are changed, ``skipped`` were gone or not yours to change."""

    id: OpaqueId
    action: SelectionAction
    state: SelectionState
    matched: int
    done: int
    skipped: int
    created_at: datetime
    ended_at: datetime | None
    workflow_id: str


def selection_out(selection: Selection) -> SelectionOut:
    """A selection on the wire."""
    return SelectionOut(
        id=selection.id,
        action=selection.action,
        state=selection.state,
        matched=selection.matched,
        done=selection.done,
        skipped=selection.skipped,
        created_at=selection.created_at,
        ended_at=selection.ended_at,
        workflow_id=dispatch_id(DispatchKind.APPLY_SELECTION, selection.tenant_id, selection.id),
    )
