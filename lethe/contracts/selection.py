"""Inputs and outputs of the workflow that changes a selection of documents."""

from pydantic import Field

from lethe.contracts.base import Contract
from lethe.model.ids import Id
from lethe.model.selections import SelectionAction


class SelectionRef(Contract):
    """A stored selection; what it says is in the ledger, sealed."""

    tenant_id: Id
    selection_id: Id


class SelectionTotals(Contract):
    """See lethe.model.selections.Selection. ``objects`` and ``removed`` count what deletions took out of the stores."""

    matched: int = 0
    done: int = 0
    skipped: int = 0
    removed: int = 0
    objects: int = 0


class SelectionPage(Contract):
    """Go on after this document; the totals so far are stored."""

    selection: SelectionRef
    after: Id | None
    totals: SelectionTotals


class SelectedPage(Contract):
    """Documents that fit. ``after`` is None when every document was looked at."""

    action: SelectionAction
    ids: list[Id] = Field(max_length=200)
    after: Id | None
    skipped: int = 0


class SelectionBatch(Contract):
    """Documents to change."""

    selection: SelectionRef
    ids: list[Id] = Field(max_length=200)


class Changed(Contract):
    """How many documents are changed now; versions of them whose ingestion may still be running."""

    done: int
    skipped: int
    running: list[Id] = Field(default_factory=list[Id], max_length=1000)


class RemovalPage(Contract):
    """Remove deleted documents of the tenant from every store, after this one."""

    tenant_id: Id
    after: Id | None


class RemovedPage(Contract):
    """How many documents and objects went. ``after`` is None when no deleted document is left to look at."""

    after: Id | None
    documents: int
    objects: int


class SelectionRun(Contract):
    """The state of the workflow when it continues as new."""

    selection: SelectionRef
    after: Id | None = None
    totals: SelectionTotals = SelectionTotals()
    is_removing: bool = False
