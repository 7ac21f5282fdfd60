"""What is under way, what failed, and what was answered to a repeated request."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from lethe.model.ids import Id
from lethe.model.operations import (
    DeadLetter,
    DeadLetterState,
    Dispatch,
    IdempotencyRecord,
    LetterFilter,
    LetterResolution,
    Tally,
)
from lethe.ports.ledger.paging import PageCursor


class DispatchRepository(Protocol):
    async def add(self, dispatch: Dispatch) -> None:
        """Insert, or leave the row of the same workflow that is there."""
        ...

    async def renew(self, dispatch: Dispatch) -> None:
        """Insert, or make the row that is there pending again, to be started as the dispatch says."""
        ...

    async def mark(self, dispatch: Dispatch, at: datetime) -> None:
        """Record that its workflow was started. One renewed meanwhile stays pending; a missing row is no error."""
        ...

    async def pending(self, created_before: datetime, limit: int, after: Dispatch | None = None) -> list[Dispatch]:
        """Not yet started, of any tenant, oldest first; those that come after ``after``."""
        ...

    async def delete_for(self, tenant_id: Id, refs: Collection[Id]) -> None: ...

    async def expire(self, dispatched_before: datetime, limit: int) -> int:
        """Remove at most ``limit`` of any tenant that were started before then; how many."""
        ...


class DeadLetterRepository(Protocol):
    async def record(self, letter: DeadLetter) -> None:
        """Insert, or for the same (version, step) overwrite code, class, attempts, detail, state, updated_at."""
        ...

    async def get(self, tenant_id: Id, letter_id: Id) -> DeadLetter | None: ...
    async def of_version(self, tenant_id: Id, version_id: Id) -> list[DeadLetter]: ...

    async def set_state(self, tenant_id: Id, version_id: Id, state: DeadLetterState, at: datetime) -> None:
        """Set the state of all letters of the version."""
        ...

    async def set_states(
        self, tenant_id: Id, version_ids: Collection[Id], state: DeadLetterState, at: datetime
    ) -> None:
        """Set the state of all letters of the versions."""
        ...

    async def page(
        self, tenant_id: Id, wanted: LetterFilter, after: PageCursor | None, limit: int
    ) -> list[DeadLetter]: ...

    async def decide(self, tenant_id: Id, version_id: Id, decision_id: Id) -> None:
        """Name the decision that was taken on all letters of the version."""
        ...

    async def openings(self, tenant_id: Id, document_id: Id) -> int:
        """How often steps of the document gave up, over all its versions that have letters."""
        ...

    async def poison(self, tenant_id: Id, content_fp: str) -> DeadLetter | None:
        """An open or closed letter that says this content is poison: the first, which has the cause."""
        ...

    async def waiting(self, tenant_id: Id) -> int:
        """How many versions have an open one."""
        ...

    async def delete(self, tenant_id: Id, version_id: Id) -> int: ...

    async def remove(self, tenant_id: Id, letter_id: Id) -> None: ...

    async def add_resolution(self, resolution: LetterResolution) -> None:
        """Insert, or leave the row of the same id that is there."""
        ...

    async def resolution(self, tenant_id: Id, resolution_id: Id) -> LetterResolution | None: ...

    async def update_resolution(self, resolution: LetterResolution) -> None: ...

    async def expire_resolutions(self, updated_before: datetime, limit: int) -> int:
        """Remove at most ``limit`` of any tenant, last changed before then; how many."""
        ...


class TallyRepository(Protocol):
    async def count(self, tenant_id: Id, at: datetime, *, ready: int = 0, failed: int = 0) -> None:
        """Add ingestions that ended at that time; under the tenant's lock."""
        ...

    async def since(self, tenant_id: Id, after: datetime) -> Tally: ...

    async def expire(self, before: datetime) -> int:
        """Remove the counts of any tenant from before then."""
        ...


class IdempotencyRepository(Protocol):
    """First answers. A record that took the place of a given one meanwhile is left as it is."""

    async def claim(self, record: IdempotencyRecord) -> IdempotencyRecord | None:
        """Insert the record, or return the one that is there."""
        ...

    async def finish(self, record: IdempotencyRecord, status: int, sealed_body: bytes) -> bool:
        """Whether it is still there: another may have taken its place."""
        ...

    async def expired(self, created_before: datetime, limit: int) -> list[IdempotencyRecord]:
        """At most ``limit`` records of any tenant created before then."""
        ...

    async def renew(self, record: IdempotencyRecord, renewed_at: datetime) -> None:
        """Its process lived at that time; no effect once it is finished."""
        ...

    async def forget(self, record: IdempotencyRecord) -> None:
        """Remove it."""
        ...
