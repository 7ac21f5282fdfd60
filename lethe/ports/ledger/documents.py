"""Documents, versions, chunks and the people they are about."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from lethe.model.documents import Chunk, ChunkVector, Document, EmbeddingNeed, Replaced, Status, Version
from lethe.model.ids import Id
from lethe.ports.ledger.paging import PageCursor


@dataclass(frozen=True, slots=True)
class GateRow:
    """A chunk that its SQL rows allow now: live at the question's seq, not deleted, not fenced, readable."""

    chunk: Chunk
    version: Version


class DocumentRepository(Protocol):
    async def add(self, document: Document) -> None: ...
    async def get(self, tenant_id: Id, document_id: Id) -> Document | None: ...

    async def get_many(self, tenant_id: Id, document_ids: Collection[Id]) -> dict[Id, Document]: ...

    async def by_source(self, tenant_id: Id, source_hmac: str) -> Document | None:
        """The document with that source URI that is not deleted; there is at most one."""
        ...

    async def update(self, document: Document) -> None:
        """Write every column of the row. Raises DocumentNotFound if it is gone."""
        ...

    async def update_many(self, documents: Sequence[Document]) -> None:
        """As `update`, for rows that were read under the tenant's lock; one that is gone is no error."""
        ...

    async def page(
        self, tenant_id: Id, readers: frozenset[Id] | None, status: Status | None, after: PageCursor | None, limit: int
    ) -> list[Document]:
        """Documents neither deleted nor fenced, newest first; only those readable by ``readers`` unless it is None.

        A restricted document is in no list that is made for ``readers``. One in quarantine shows that status only, and
        is in no such list either.
        """
        ...

    async def readers(self, tenant_id: Id, document_ids: Collection[Id]) -> dict[Id, tuple[Id, ...]]: ...

    async def set_readers(self, tenant_id: Id, document_id: Id, readers: Collection[Id]) -> None: ...

    async def delete(self, tenant_id: Id, document_id: Id) -> None:
        """Remove the row, its readers, dead letters, and quarantines of its own; items of sources name it no more.

        LedgerConflict while versions of it have rows.
        """
        ...


class VersionRepository(Protocol):
    async def add(self, version: Version) -> None: ...
    async def get(self, tenant_id: Id, version_id: Id) -> Version | None: ...
    async def get_many(self, tenant_id: Id, version_ids: Collection[Id]) -> dict[Id, Version]: ...

    async def update(self, version: Version) -> None:
        """Write every column of the row. Raises DocumentNotFound if it is gone.

        End the live version before another begins: LedgerConflict if a document had two without an end.
        """
        ...

    async def update_many(self, versions: Sequence[Version]) -> None:
        """As `update`, for rows that were read under the tenant's lock; one that is gone is no error."""
        ...

    async def of_document(self, tenant_id: Id, document_id: Id) -> list[Version]:
        """All versions of the document that have rows, oldest submission first."""
        ...

    async def of_documents(self, tenant_id: Id, document_ids: Collection[Id]) -> dict[Id, list[Version]]:
        """As `of_document`, for each of the documents; one without any has an empty list."""
        ...

    async def newest_of(self, tenant_id: Id, document_ids: Collection[Id]) -> dict[Id, Version]:
        """Per document the version to show: its newest submission."""
        ...

    async def stale_receiving(self, as_of: datetime, limit: int) -> list[Version]:
        """Versions of any tenant still receiving since before ``as_of``."""
        ...

    async def of_ingestion(
        self, tenant_id: Id, ingestion_id: Id, statuses: Collection[Status], after: int, limit: int
    ) -> list[Version]:
        """Versions that a bulk ingestion took in, of these statuses, by their positions above ``after``."""
        ...

    async def left_by_archive(self, tenant_id: Id, ingestion_id: Id) -> list[Id]:
        """Versions of entries of the ingestion's archive that have no position: whoever unpacked them broke off."""
        ...

    async def counts_of_ingestion(self, tenant_id: Id, ingestion_id: Id) -> dict[Status, int]:
        """How many versions of the ingestion there are now, by status; those without a position are not counted."""
        ...

    async def changed_after(self, tenant_id: Id, seq: int, limit: int) -> list[Version]:
        """Versions that are or were live, changed by commits after ``seq``: in order of these, then of their ids."""
        ...

    async def follow_again(self, tenant_id: Id, document_ids: Collection[Id], seq: int) -> list[Id]:
        """Have builds on their way look at what is served of the documents as if the commit had changed it; returns
        the versions.
        """
        ...

    async def replaced_before(
        self, tenant_id: Id, as_of: datetime, limit: int, after: Replaced | None = None
    ) -> list[Replaced]:
        """Versions that stopped being live before then and have not been removed yet, oldest first."""
        ...

    async def delete(self, tenant_id: Id, version_id: Id) -> None:
        """Remove the row; its chunks and vectors go with it.

        LedgerConflict while artefacts or subject links of it have rows: they say what else is to be removed.
        """
        ...


class ChunkRepository(Protocol):
    async def replace(self, tenant_id: Id, version_id: Id, chunks: Sequence[Chunk]) -> None:
        """Make the version's chunks exactly these."""
        ...

    async def get(self, tenant_id: Id, chunk_id: Id) -> Chunk | None: ...

    async def of_version(self, tenant_id: Id, version_id: Id, start: int = 0, stop: int | None = None) -> list[Chunk]:
        """The version's chunks with start <= ordinal < stop, in order."""
        ...

    async def replace_many(self, tenant_id: Id, chunks: Mapping[Id, Sequence[Chunk]]) -> None:
        """As `replace`, for each version in the mapping."""
        ...

    async def of_versions(self, tenant_id: Id, version_ids: Collection[Id], start: int, stop: int) -> list[Chunk]:
        """As `of_version`, for all of the versions; in order of version and ordinal."""
        ...

    async def some(self, tenant_id: Id, chunk_ids: Collection[Id]) -> list[Chunk]:
        """Those of the chunks that have rows."""
        ...

    async def served(self, tenant_id: Id, chunk_ids: Collection[Id]) -> list[Chunk]:
        """Those of the chunks that questions may find now: of nothing deleted, fenced, restricted or quarantined."""
        ...

    async def to_embed(self, tenant_id: Id, spec: str, chunk_ids: Collection[Id]) -> frozenset[Id]:
        """As `served`, those whose texts may be sent to the spec's model: it did not refuse them before."""
        ...

    async def vectors_by_id(self, tenant_id: Id, spec: str, chunk_ids: Collection[Id]) -> dict[Id, ChunkVector]:
        """The chunks' vectors of the spec, by chunk id."""
        ...

    async def gate(
        self, tenant_id: Id, chunk_ids: Collection[Id], seq: int, readers: frozenset[Id]
    ) -> dict[Id, GateRow]:
        """Those of the chunks that may be served: version live at ``seq``; document, now, not deleted, not fenced,
        in no quarantine, and readable by one of ``readers``.
        """
        ...

    async def count(self, tenant_id: Id, version_id: Id) -> int: ...
    async def delete(self, tenant_id: Id, version_id: Id) -> int: ...

    async def put_vectors(self, vectors: Sequence[ChunkVector]) -> None:
        """Insert or replace, by (chunk, spec)."""
        ...

    async def forget_vectors(self, tenant_id: Id, spec: str, after: Id | None, limit: int) -> Id | None:
        """Remove at most ``limit`` vectors of the spec, in order of their chunks; returns the last one's, None at the
        end.
        """
        ...

    async def vectors(
        self, tenant_id: Id, version_id: Id, spec: str, start: int = 0, stop: int | None = None
    ) -> dict[Id, ChunkVector]:
        """The version's vectors of the spec, by chunk id, for ordinals in [start, stop)."""
        ...

    async def vectors_of(
        self, tenant_id: Id, version_ids: Collection[Id], spec: str, start: int, stop: int
    ) -> dict[Id, ChunkVector]:
        """As `vectors`, for all of the versions."""
        ...

    async def need(self, tenant_id: Id, spec: str) -> EmbeddingNeed:
        """What of the chunks that are served has no vector of the spec; the same text may be counted more than once."""
        ...

    async def known_vectors(self, tenant_id: Id, spec: str, text_hmacs: Collection[str]) -> dict[str, ChunkVector]:
        """For each text HMAC one vector of a chunk of this tenant with that text, if there is one.

        Only of content that stays (live or on its way, of a served document), so that its key exists.
        """
        ...


class SubjectRepository(Protocol):
    async def by_blind(self, tenant_id: Id, kind: str, blind: str) -> Id | None:
        """The subject that has this identifier."""
        ...

    async def by_blinds(self, tenant_id: Id, pairs: Collection[tuple[str, str]]) -> frozenset[Id]:
        """The subjects that have one of these identifiers, each as (kind, blind)."""
        ...

    async def versions_of(self, tenant_id: Id, subject_ids: Collection[Id]) -> list[Id]:
        """Versions linked to one of the subjects, in order of their ids."""
        ...

    async def documents_of(self, tenant_id: Id, subject_ids: Collection[Id]) -> dict[Id, bool]:
        """Documents with a version linked to one of the subjects, and whether what is read of each is linked to
        nobody else: its live version, or all of them where none is live.
        """
        ...

    async def link(
        self,
        tenant_id: Id,
        version_id: Id,
        kind: str,
        blind: str,
        sealed_identifier: bytes,
        subject_id: Id,
        at: datetime,
    ) -> Id:
        """Link the version to the subject that has this blind identifier, made with ``subject_id`` if there is none.

        Returns the subject's id. Idempotent.
        """
        ...

    async def share(self, tenant_id: Id, version_id: Id, others: Collection[Id]) -> None:
        """Link the other versions to everyone the version is linked to. Idempotent."""
        ...

    async def leave(self, tenant_id: Id, version_ids: Collection[Id]) -> list[Id]:
        """Before the versions go: remove their links to subjects that others link too; returns the subjects left.

        Their identifiers are forgotten, so that nothing new is linked to them. Needs the tenant's lock. Idempotent.

        From this commit on nobody finds the versions by those identifiers, though their rows and keys are still there:
        a removal that is killed here is found by the versions alone, and erasing a person must first see to it that
        each removal that has begun is ended.
        """
        ...

    async def unlink(self, tenant_id: Id, version_id: Id) -> None:
        """Remove the version's links, and the subjects no version links any more."""
        ...

    async def of_version(self, tenant_id: Id, version_id: Id) -> list[Id]: ...
