"""Whether an embedding model still gives the vectors that it gave, and questions what was judged right."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lethe.model.ids import Id

LEAST_COSINE: Final = 0.9999
"""Of the vectors that one model gives to one text at two times; another model, or revision, stays far below."""


@dataclass(frozen=True, slots=True)
class QualityProbe:
    """How much of what was judged right a tenant's ``questions`` still found: the mean precision at 5; None of none."""

    tenant_id: Id
    probed_at: datetime
    questions: int
    precision: float | None


@dataclass(frozen=True, slots=True)
class EmbeddingProbe:
    """The last probe of the model that a tenant's vectors of a spec come from.

    ``compared`` texts were embedded again, of which ``worst`` was the least cosine. From ``stopped_at`` on no vector of
    the spec is written, until a probe finds all as it was or somebody lifts it.
    """

    tenant_id: Id
    spec: str
    probed_at: datetime
    compared: int
    worst: float
    stopped_at: datetime | None = None

    @property
    def is_changed(self) -> bool:
        """Whether the model gave other vectors than before."""
        return self.worst < LEAST_COSINE
