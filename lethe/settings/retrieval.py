"""Search, and what becomes of what it found."""

from typing import Annotated, Final

from pydantic import Field

from lethe.settings.base import Section

MAX_RESULTS: Final = 200
"""Passages a search may ask for, as many as a page of any list has."""
MAX_SOURCES: Final = 50
"""Passages a question may ask for."""


class RetrievalSettings(Section):
    """Search and the rights gate."""

    alpha: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Weight of the vector in hybrid search: 1 = vector only, 0 = keywords only."""
    top_k: Annotated[int, Field(ge=1, le=MAX_SOURCES)] = 5
    """Results when the request does not say."""
    gate_limits: tuple[int, ...] = (50, 200, 800)
    """Page sizes of the search-and-gate loop."""
    embed_seconds: float = 2.0
    """How long a question waits for its embedding before keywords alone are searched."""
    words_first: bool = True
    """Whether a question in a language that the embedding model does not know is ranked by its words, and vectors only
    fill the places that are left; a request that says its `alpha` is not."""
