"""Erasure requests, their manifests, and the suppressions they leave."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Protocol

from lethe.model.erasures import (
    ErasureIdentifier,
    ErasureItem,
    ErasureRequest,
    ErasureState,
    ErasureStore,
    ItemState,
)
from lethe.model.ids import Id
from lethe.ports.ledger.paging import PageCursor


class ErasureRepository(Protocol):
    """Needs the tenant's lock for every change of a request."""

    async def add(self, request: ErasureRequest, identifiers: Sequence[ErasureIdentifier]) -> None: ...
    async def get(self, tenant_id: Id, erasure_id: Id) -> ErasureRequest | None: ...

    async def update(self, request: ErasureRequest) -> None:
        """Write every column of the row. Raises ErasureNotFound if it is gone."""
        ...

    async def page(
        self, tenant_id: Id, states: Collection[ErasureState], after: PageCursor | None, limit: int
    ) -> list[ErasureRequest]:
        """Newest first; of these states only, if any are given."""
        ...

    async def unfinished(self, tenant_id: Id) -> list[ErasureRequest]:
        """Those neither certified nor cancelled, oldest first."""
        ...

    async def identifiers(self, tenant_id: Id, erasure_id: Id) -> list[ErasureIdentifier]: ...

    async def set_tagged(self, tenant_id: Id, erasure_id: Id, tags: Collection[str], at: datetime) -> None:
        """The request's identifiers with these tags are those whose tags it put."""
        ...

    async def keep_tags(self, tenant_id: Id, tags: Collection[str]) -> None:
        """No request is the one that put these tags any more: they stay, whichever of them is cancelled."""
        ...

    async def fenced_identifiers(self, tenant_id: Id) -> list[ErasureIdentifier]:
        """Of all requests whose fence stands: what the gate lets no text with one of them pass. One indexed read."""
        ...

    async def set_subjects(self, tenant_id: Id, erasure_id: Id, subject_ids: Collection[Id]) -> None:
        """Remember the people the tenant knew under the identifiers. Idempotent."""
        ...

    async def subjects(self, tenant_id: Id, erasure_id: Id) -> list[Id]: ...

    async def put_items(self, items: Sequence[ErasureItem]) -> None:
        """Insert, or for the same (store, kind, ref) overwrite state, code, round, updated_at."""
        ...

    async def item(self, tenant_id: Id, erasure_id: Id, store: str, kind: str, ref: str) -> ErasureItem | None: ...

    async def items(
        self,
        tenant_id: Id,
        erasure_id: Id,
        *,
        store: str | None = None,
        states: Collection[ItemState] = (),
        after: tuple[str, str, str] | None = None,
        limit: int = 500,
    ) -> list[ErasureItem]:
        """In order of (store, kind, ref), those after ``after``; of the store and the states only, if given."""
        ...

    async def refs(self, tenant_id: Id, erasure_id: Id, store: str, kind: str, state: ItemState) -> list[Id]:
        """Of every such item, in their order."""
        ...

    async def holding(self, tenant_id: Id, code: str, refs: Collection[Id]) -> list[Id]:
        """Requests that hold an item of one of these references with the code."""
        ...

    async def naming(self, tenant_id: Id, erasure_ids: Collection[Id], refs: Collection[Id]) -> frozenset[Id]:
        """Those of the references to documents and versions that the manifests of these requests have."""
        ...

    async def held(self, tenant_id: Id, erasure_id: Id, code: str) -> list[ErasureItem]:
        """Every item of the request that is held with the code."""
        ...

    async def count_items(self, tenant_id: Id, erasure_id: Id) -> dict[tuple[str, ItemState], int]:
        """By store and state."""
        ...

    async def put_stores(self, reports: Sequence[ErasureStore]) -> None:
        """Insert, or overwrite what the stores said in an earlier round."""
        ...

    async def stores(self, tenant_id: Id, erasure_id: Id) -> list[ErasureStore]: ...

    async def forget(self, tenant_id: Id, erasure_id: Id, keeping: Collection[str] = ()) -> None:
        """Remove the identifiers, subjects and manifest; the request and its counts stay. Idempotent.

        ``keeping``: kinds of erased items that stay as tombstones; they lead to nothing.
        """
        ...


class SuppressionRepository(Protocol):
    async def put(self, tenant_id: Id, tags: Collection[str], day: date) -> None:
        """Insert those that are not there yet."""
        ...

    async def all(self, tenant_id: Id) -> frozenset[str]:
        """Every tag of the tenant."""
        ...

    async def found(self, tenant_id: Id, tags: Collection[str]) -> frozenset[str]:
        """Those of the tags that are suppressed."""
        ...

    async def lift(self, tenant_id: Id, tags: Collection[str]) -> int:
        """Remove them; how many were there."""
        ...
