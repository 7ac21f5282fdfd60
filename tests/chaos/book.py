"""What the clients were told: every document, its editions and rights, and when each was acknowledged."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.chaos.texts import Edition

Readers = frozenset[str]


@dataclass(slots=True)
class Rights:
    """Readers of a document: possible from ``begun``, certain once ``acknowledged``."""

    readers: Readers
    begun: float
    acknowledged: float | None = None


@dataclass(slots=True, eq=False)
class Document:
    """One document from its first upload to its deletion; a URI used again is another one.

    ``editions`` are those that were sent; the last of them that was acknowledged is ``settled``. ``floor``: the oldest
    edition that may still be served, since a newer one than those before it was seen.
    """

    uri: str | None
    editions: list[Edition]
    rights: list[Rights]
    id: str = ""
    settled: int = -1
    floor: int = 0
    floor_since: float = 0.0
    version_ids: dict[str, int] = field(default_factory=dict[str, int])
    live_since: float | None = None
    deletion_begun: float | None = None
    deleted: float | None = None
    is_busy: bool = False
    quiet_until: float = 0.0

    @property
    def token(self) -> str:
        return self.editions[0].token

    @property
    def readers(self) -> Readers:
        """The rights last acknowledged."""
        return [rights for rights in self.rights if rights.acknowledged is not None][-1].readers

    @property
    def is_gone(self) -> bool:
        return self.deletion_begun is not None

    def may_be_read(self, groups: Readers, began: float, ended: float) -> bool:
        """Whether a caller in these groups had, at some moment between, the right to read it."""
        certain = [rights for rights in self.rights if rights.acknowledged is not None and rights.acknowledged < began]
        last = max((rights.begun for rights in certain), default=0.0)
        possible = [rights for rights in self.rights if last <= rights.begun <= ended]
        return any(groups & rights.readers for rights in possible)

    def must_be_read(self, groups: Readers, began: float, ended: float) -> bool:
        """Whether every state it can have had between allows it."""
        certain = [rights for rights in self.rights if rights.acknowledged is not None and rights.acknowledged < began]
        last = max((rights.begun for rights in certain), default=0.0)
        return all(groups & rights.readers for rights in self.rights if last <= rights.begun <= ended)


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that may never be. ``kind`` is a short name, ``detail`` names ids and marks only."""

    kind: str
    detail: str
    at: float = 0.0


@dataclass(slots=True)
class Book:
    """Everything written down while the suite runs."""

    tenant_id: str = ""
    documents: list[Document] = field(default_factory=list[Document])
    violations: list[Violation] = field(default_factory=list[Violation])
    counts: Counter[str] = field(default_factory=Counter[str])
    writing: int = 0
    """Requests that change something and have no definite answer yet."""
    started: float = field(default_factory=time.monotonic)
    _by_id: dict[str, Document] = field(default_factory=dict[str, Document])
    _by_token: dict[str, Document] = field(default_factory=dict[str, Document])

    def add(self, document: Document) -> None:
        self.documents.append(document)
        self._by_token[document.token] = document

    def name(self, document: Document, document_id: str) -> None:
        """The document's id, once a receipt told it."""
        if document.id and document.id != document_id:
            self.accuse("duplicate", f"{document.token}: {document_id} was told, {document.id} before")
        document.id = document_id
        self._by_id[document_id] = document

    def by_id(self, document_id: str) -> Document | None:
        return self._by_id.get(document_id)

    def by_token(self, token: str) -> Document | None:
        return self._by_token.get(token)

    def existing(self) -> Iterator[Document]:
        """Documents that were acknowledged and whose deletion was not asked for."""
        return (document for document in self.documents if document.settled >= 0 and not document.is_gone)

    def accuse(self, kind: str, detail: str) -> None:
        self.violations.append(Violation(kind, detail, round(time.monotonic() - self.started, 1)))
