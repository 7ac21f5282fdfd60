"""Bulk ingestions, and what of them left no version."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from lethe.model.ids import Id
from lethe.model.ingestions import Ingestion, IngestionState, Refusal
from lethe.ports.ledger.paging import PageCursor


class IngestionRepository(Protocol):
    async def add(self, ingestion: Ingestion) -> None: ...
    async def get(self, tenant_id: Id, ingestion_id: Id) -> Ingestion | None: ...

    async def page(
        self, tenant_id: Id, after: PageCursor | None, limit: int, principal_id: Id | None = None
    ) -> list[Ingestion]:
        """Newest first; of one principal, or of all."""
        ...

    async def set_state(self, tenant_id: Id, ingestion_id: Id, state: IngestionState, at: datetime) -> None:
        """Set the state; a final one also sets when it ended. One that is final already stays as it is."""
        ...

    async def set_window(self, tenant_id: Id, ingestion_id: Id, batch_window: int, at: datetime) -> None: ...

    async def close(self, tenant_id: Id, ingestion_id: Id, at: datetime) -> None:
        """No more documents come; one that is closed stays closed since then."""
        ...

    async def give(self, tenant_id: Id, ingestion_id: Id, entry: int = 0) -> int:
        """Count one more document that has work; returns its position. Needs the tenant's lock.

        The lock is what makes positions appear in their order: whoever pages by them skips none. ``entry`` is noted as
        the last one unpacked (here and in `count` and `refuse`; 0 is none).
        """
        ...

    async def count(
        self, tenant_id: Id, ingestion_id: Id, *, added: int = 0, updated: int = 0, skipped: int = 0, entry: int = 0
    ) -> None:
        """Add to the counts."""
        ...

    async def refuse(self, refusal: Refusal, entry: int = 0) -> None:
        """Count and keep a document that was refused; a refusal that is kept already is not counted again."""
        ...

    async def withdraw(self, tenant_id: Id, ingestion_id: Id, refusal_id: Id) -> None:
        """Forget the refusal, if there is one, and count it no more: the document was taken in after all."""
        ...

    async def refusals(self, tenant_id: Id, ingestion_id: Id, after: PageCursor | None, limit: int) -> list[Refusal]:
        """Newest first."""
        ...

    async def set_archive(self, tenant_id: Id, ingestion_id: Id, archive_key: str, archive_hmac: str) -> None:
        """Name the archive that is to be unpacked."""
        ...

    async def forget_archive(self, tenant_id: Id, ingestion_id: Id) -> None:
        """Name none any more; what tells it from another stays."""
        ...

    async def ended_before(self, as_of: datetime, limit: int) -> Sequence[Ingestion]:
        """Of any tenant, final since before then, with something sealed left (options or refusals)."""
        ...

    async def forget_sealed(self, tenant_id: Id, ingestion_id: Id) -> None:
        """Remove the refusals, the options and what tells the archive from another; the counts stay."""
        ...
