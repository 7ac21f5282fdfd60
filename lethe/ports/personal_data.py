"""What every store of personal data can do for the erasure of one person. No store is ever skipped."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from lethe.model.erasures import ErasureMethod, PurgeState
from lethe.model.ids import Id
from lethe.model.indexes import BuildKind
from lethe.model.personal_data import Item, Kept, Leads, StoreName, Trace, Wanted


@dataclass(frozen=True, slots=True)
class Located:
    """What a store has of the person, and what of it may not be erased now."""

    items: tuple[Item, ...] = ()
    kept: tuple[Kept, ...] = ()


class PersonalDataStore(Protocol):
    """One store's eraser. Every method may be repeated, also after a kill in the middle of it.

    Raises what its store raises when it does not answer; nothing counts as erased then.
    """

    @property
    def name(self) -> StoreName: ...

    @property
    def method(self) -> ErasureMethod: ...

    async def locate(self, tenant_id: Id, trace: Trace) -> Located:
        """The person's items here, by ids that mean nothing to anybody else."""
        ...

    async def erase(self, tenant_id: Id, items: Sequence[Item]) -> None:
        """Take the items out; what is gone already is no error."""
        ...

    async def remaining(self, tenant_id: Id, items: Sequence[Item]) -> int:
        """How much of the items is still there, found by another way than they were erased by."""
        ...

    async def purge(self, tenant_id: Id, since: datetime) -> PurgeState:
        """Begin, or look after, the removal of the bytes that deletions before ``since`` left."""
        ...

    def horizon(self, as_of: datetime) -> datetime | None:
        """When what cannot be purged is gone by itself; None where nothing is left to wait for."""
        ...


class Finder(Protocol):
    """One way to find what is about a person."""

    async def find(self, tenant_id: Id, wanted: Wanted) -> Leads: ...


class Rebuilder(Protocol):
    """Builds a tenant's index anew from what is live, and drops the former one with all its bytes."""

    async def rebuild(self, tenant_id: Id, kind: BuildKind, since: datetime) -> bool:
        """Begin it, unless one was begun since then; whether nothing from before then is left."""
        ...


class SourceRemover(Protocol):
    """The ledger's documents and versions, and everything derived from them."""

    async def withdraw(self, tenant_id: Id, document_ids: Sequence[Id], version_ids: Sequence[Id]) -> list[Id]:
        """From this commit on nobody reads the documents, and none of the versions can go live.

        Returns the versions whose ingestion may still be running.
        """
        ...

    async def remove(self, tenant_id: Id, document_ids: Sequence[Id], version_ids: Sequence[Id]) -> None:
        """Take them out of every store, their rows last. A version that is served is left alone."""
        ...


class HistoryStore(Protocol):
    """Histories of workflows. Raises WorkflowsUnavailable."""

    async def delete(self, workflow_ids: Sequence[str]) -> int:
        """Delete every run of each; those that are not there are no error. Returns how many runs there were."""
        ...

    async def cancel(self, workflow_ids: Sequence[str]) -> None:
        """Ask those that run to end; the others are no error."""
        ...

    async def running(self, workflow_ids: Sequence[str]) -> frozenset[str]:
        """Those that have not ended."""
        ...

    async def existing(self, workflow_ids: Sequence[str]) -> frozenset[str]:
        """Those the server still describes."""
        ...
