"""Settings of the answer caches."""

from typing import Annotated

from pydantic import Field

from lethe.settings.base import Section

_DAY = 24 * 3600


class CacheSettings(Section):
    """Answers given again to the same question, of the same rights, while all their sources may be read."""

    answers: bool = True
    """Whether answers are given again at all."""
    seconds: Annotated[int, Field(ge=1, le=_DAY)] = 900
    """How long: an answer does not know documents that came after it, only what became of its own."""
    entries: Annotated[int, Field(ge=1, le=1_000_000)] = 5_000
    """Most answers of a tenant that are found again; the least recently used go first."""
    similar: bool = True
    """Whether a question in other words finds an answer too."""
    similarity: Annotated[float, Field(ge=0.5, le=1)] = 0.97
    """Least cosine of the embeddings of two questions that may be one; that they ask the same is checked besides."""
    newest: Annotated[int, Field(ge=1, le=5_000)] = 500
    """Questions that a question in other words is compared with."""
