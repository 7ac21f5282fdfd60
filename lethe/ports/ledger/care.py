"""Quarantines, audits of the stores, and selections of documents."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from lethe.model.audits import Audit, AuditCount, ChunkStanding
from lethe.model.documents import Document
from lethe.model.ids import Id
from lethe.model.quarantines import Quarantine
from lethe.model.selections import Selection
from lethe.ports.ledger.paging import PageCursor


class QuarantineRepository(Protocol):
    """Needs the tenant's lock for every change: a document may be on its way in."""

    async def add(self, quarantine: Quarantine) -> int:
        """Insert it and hide every document it covers now, in one statement each; returns how many."""
        ...

    async def cover(self, tenant_id: Id, document_id: Id, ingestion_id: Id | None) -> None:
        """Hide the document if a quarantine in force covers it, or the ingestion that brings a version of it."""
        ...

    async def lift(self, tenant_id: Id, quarantine_id: Id, at: datetime) -> bool:
        """End it and forget its sealed prefix; what no other covers is readable again. False if it is not in force."""
        ...

    async def hiding(self, tenant_id: Id, quarantine_id: Id) -> list[Id]:
        """The documents that it hides now."""
        ...

    async def get(self, tenant_id: Id, quarantine_id: Id) -> Quarantine | None: ...
    async def page(
        self, tenant_id: Id, after: PageCursor | None, limit: int, *, in_force: bool
    ) -> list[Quarantine]: ...

    async def counts(self, tenant_id: Id, quarantine_ids: Collection[Id]) -> dict[Id, int]:
        """How many documents each hides; absent where none."""
        ...

    async def hidden(self, tenant_id: Id, document_ids: Collection[Id]) -> frozenset[Id]:
        """Those of the documents that a quarantine hides."""
        ...

    async def put_prefixes(self, tenant_id: Id, document_id: Id, prefix_hmacs: Sequence[str]) -> None:
        """Remember the beginnings of the document's source; those that are there stay."""
        ...

    async def below(self, tenant_id: Id, document_ids: Collection[Id], prefix_hmacs: Collection[str]) -> frozenset[Id]:
        """Those of the documents whose source begins with one of the prefixes."""
        ...

    async def without_prefixes(self, tenant_id: Id, after: Id | None, limit: int) -> list[Id]:
        """Documents not deleted whose beginnings are not kept (they are older than that table), by their ids."""
        ...


class AuditRepository(Protocol):
    async def add(self, audit: Audit) -> None:
        """Insert, or leave the row that is there."""
        ...

    async def get(self, tenant_id: Id, audit_id: Id) -> Audit | None: ...
    async def page(self, tenant_id: Id, after: PageCursor | None, limit: int) -> list[Audit]: ...
    async def counts(self, tenant_id: Id, audit_ids: Collection[Id]) -> list[AuditCount]: ...

    async def finish(self, tenant_id: Id, audit_id: Id, counts: Sequence[AuditCount], at: datetime) -> None:
        """Store what was found, replacing what an earlier attempt stored, and mark the audit done."""
        ...

    async def latest_done(self) -> list[Audit]:
        """The newest finished audit of each tenant that has one."""
        ...

    async def expire(self, created_before: datetime, limit: int) -> int:
        """Remove at most ``limit`` audits of any tenant; returns how many."""
        ...

    async def chunks_after(self, tenant_id: Id, after: Id | None, limit: int) -> list[ChunkStanding]:
        """The tenant's chunks with a greater id, in order of their ids."""
        ...

    async def chunks(self, tenant_id: Id, chunk_ids: Collection[Id]) -> dict[Id, ChunkStanding]: ...

    async def served_versions_after(self, tenant_id: Id, after: Id | None, limit: int) -> list[Id]:
        """Ids of the served versions of documents not deleted, in order."""
        ...


class SelectionRepository(Protocol):
    async def add(self, selection: Selection) -> None: ...
    async def get(self, tenant_id: Id, selection_id: Id) -> Selection | None: ...
    async def update(self, selection: Selection) -> None: ...

    async def expired(self, created_before: datetime, limit: int) -> list[Selection]:
        """At most ``limit`` selections of any tenant created before then."""
        ...

    async def delete(self, tenant_id: Id, selection_id: Id) -> None: ...

    async def documents_after(
        self,
        tenant_id: Id,
        after: Id | None,
        limit: int,
        *,
        created_before: datetime,
        ids: Collection[Id] | None = None,
        prefix_hmac: str | None = None,
        ingestion_id: Id | None = None,
    ) -> list[Document]:
        """Documents not deleted, made before then, in order of their ids; only those of ``ids``, of sources that
        begin so, and with a version of the ingestion, where given.
        """
        ...

    async def deleted_after(self, tenant_id: Id, after: Id | None, limit: int) -> list[Id]:
        """Documents that are deleted and still have rows, in order of their ids."""
        ...
