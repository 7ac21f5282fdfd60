"""Passages that may be served: what /v1/search and the answering steps share."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lethe.model.answers import DegradedReason
from lethe.model.conditions import Condition
from lethe.model.erasures import ErasureIdentifier
from lethe.model.ids import Id
from lethe.model.traces import Trace
from lethe.ports.ledger import GateRow, UnitOfWork
from lethe.ports.vectors import Hit

AttributeFilter = Condition | None
"""What must hold of a chunk's attributes (lethe.model.conditions); None: anything."""


@dataclass(frozen=True, slots=True, eq=False)
class AskedVector:
    """A question's vector, shape (dims,); None where it cannot be had, for the ``reasons``.

    ``spec``: whose vectors it may be compared with; one of another model with as many dimensions looks the same.
    """

    vector: NDArray[np.float32] | None
    reasons: tuple[DegradedReason, ...] = ()
    spec: str = ""

    def under(self, spec: str) -> NDArray[np.float32] | None:
        """The vector, if it is the spec's."""
        return self.vector if self.spec == spec else None


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A guarded question of a caller. ``seq`` is the snapshot it reads.

    ``alpha`` 1 = vector only, 0 = keyword only; None: as configured for the question's language.
    """

    tenant_id: Id
    readers: frozenset[Id]
    seq: int
    text: str
    top_k: int
    alpha: float | None
    attributes: AttributeFilter = None
    question_id: Id | None = None
    """The stored question, if it is one: what an outside processor was sent is recorded under it."""
    principal_id: Id | None = None
    """Who asks: what it costs is counted for them."""
    asked: AskedVector | None = None
    """Known already; None: the search makes it."""
    for_answer: bool = False
    """Whether passages that say the same again, or too little about the question, are left out."""
    rerank: bool = True
    """Whether the configured reranker, if any, is asked."""
    reword: bool = False
    """Whether a language model, if one is configured for it, is asked for further queries."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk that passed the gate, opened. ``score`` is the fused score (0..1).

    ``start``/``end`` are offsets in code points into the cleaned text of the version; ``page`` counts from 1.
    ``suspicion``: as found when it was cut (model.documents.Chunk). ``is_overdue``: it came from a source whose last
    good round is older than it may be.
    """

    chunk_id: Id
    version_id: Id
    document_id: Id
    ordinal: int
    score: float
    text: str
    section: str
    title: str
    source_uri: str
    language: str
    text_hmac: str
    start: int
    end: int
    page: int | None = None
    suspicion: float = 0.0
    is_overdue: bool = False

    @property
    def place(self) -> str:
        """Where in its document it is, for a person: page, path of titles, else its characters."""
        parts = [f"page {self.page}"] if self.page is not None else []
        parts += [self.section] if self.section else []
        return ", ".join(parts) or f"characters {self.start}-{self.end}"


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found, best first, and why it is less than it could be.

    ``build_id`` is None while the tenant has nothing indexed; ``spec`` is the model whose vectors that build holds, ""
    for a build of words. ``timings_ms``: embed, search, gate, rerank (where
    it was asked), total. ``trace`` is None where nothing was searched.
    """

    passages: tuple[Passage, ...]
    reasons: tuple[DegradedReason, ...]
    build_id: Id | None
    timings_ms: dict[str, float] = field(default_factory=dict[str, float])
    trace: Trace | None = None
    spec: str = ""


@dataclass(frozen=True, slots=True)
class LookedAgain:
    """What the ledger says, as of one unit, of passages that were found before. Not opened yet.

    ``fenced``: of the people who are being erased; what shows them is not served.
    """

    tenant_id: Id
    hits: Sequence[Hit]
    rows: Mapping[Id, GateRow]
    fenced: Sequence[ErasureIdentifier]


Overdue = Callable[[Id | None], bool]
"""Whether what came from that source may be out of date by now; asks no store."""


def never_overdue(source_id: Id | None) -> bool:
    return False


class PassageSearch(Protocol):
    """Search and gate as one (P6). Raises IndexUnavailable, LedgerUnavailable; InvalidRequest for a bad request."""

    async def find(self, request: SearchRequest) -> Found:
        """The ``top_k`` best passages the caller may read, however many others the index ranks before them."""
        ...

    async def reopen(
        self, tenant_id: Id, scores: Mapping[Id, float], *, seq: int, readers: frozenset[Id]
    ) -> list[Passage]:
        """Passages found before, by chunk id, gated again now, in the order given; the withdrawn ones are absent."""
        ...

    async def look_again(
        self, uow: UnitOfWork, tenant_id: Id, scores: Mapping[Id, float], *, seq: int, readers: frozenset[Id]
    ) -> LookedAgain:
        """The first half of `reopen`, in a unit that reads more for the same answer; `opened` is the second."""
        ...

    async def opened(self, looked: LookedAgain) -> list[Passage]:
        """As `reopen` does. No unit is open meanwhile."""
        ...

    async def around(
        self, tenant_id: Id, passages: Sequence[Passage], *, seq: int, readers: frozenset[Id]
    ) -> list[Passage]:
        """What stands just before and after the passages in their documents, gated as they are; none twice."""
        ...
