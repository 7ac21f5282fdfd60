"""How the passages of an answer were come by."""

from dataclasses import dataclass

from lethe.model.ids import Id


@dataclass(frozen=True, slots=True)
class Candidate:
    """A chunk that was weighed and passed the gate; scores 0..1, higher is better.

    ``fused`` is its score of the search, ``reranked`` the reranker's, None where none was asked.
    """

    chunk_id: Id
    version_id: Id
    document_id: Id
    fused: float
    reranked: float | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """``queries``: what was searched for, the question as it was asked first. ``candidates``: in their final order.

    ``rewriting``: the model that was asked for further queries, by which prompt, and what came of it; empty: none was.
    """

    queries: tuple[str, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    rewriting: str = ""
