"""Search, and what becomes of what it found."""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from lethe.settings.base import Section
from lethe.settings.providers import OutsideProvider

MAX_RESULTS: Final = 200
"""Passages a search may ask for, as many as a page of any list has."""
MAX_SOURCES: Final = 50
"""Passages a question may ask for."""


class Rewriting(StrEnum):
    """How a question is reworded for the search; as it was asked it is always searched for."""

    OFF = "off"
    RULES = "rules"
    MODEL = "rules+model"


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
    rewriting: Rewriting = Rewriting.RULES
    """What a question is also searched for as; as it was asked it always is. `rules`: without greetings and pleas, and
    with the words of the tenant's glossary (`PUT /v1/tenant/glossary`); `rules+model`: besides, for an answer, in up to
    three wordings of the first model for simple questions of `answering.chain`; `off`: not at all."""
    rewriting_prompt: str = "rewrite-v1"
    """Name of that model's prompt."""
    rewriting_seconds: Annotated[float, Field(gt=0)] = 1.5
    """How long a question waits for that model before it is searched for without."""
    rewriting_promised: bool = False
    """Whether an answer says so (`rewording_down`) that was searched for without that model's wordings."""
    candidates: Annotated[int, Field(ge=1, le=MAX_RESULTS)] = 50
    """Passages that are weighed for an answer: those a reranker is given, and from which doubles are taken out."""
    near_duplicate: Annotated[float, Field(ge=0.5, le=1)] = 0.85
    """Of two passages that share so much of their runs of five words, an answer is given the better; 1: only of two
    with the same words."""
    neighbours: Annotated[int, Field(ge=0, le=5)] = 1
    """Chunks before and after each passage that a language model is shown besides, as far as they fit its context."""
    floor_fused: Annotated[float, Field(ge=0, le=1)] = 0.15
    """Passages of a hybrid search that score less are not given to an answer. 1 is each question's best, so this takes
    away what is far behind, and never all."""
    floor_cosine: Annotated[float, Field(ge=0, le=1)] = 0.2
    """The same for a search by vectors alone; nothing above it: no answer."""
    floor_words: Annotated[float, Field(ge=0, le=1)] = 0.25
    """The same for a search by words alone; 1 is each question's best."""
    floor_reranker: Annotated[float, Field(ge=0, le=1)] = 0.0
    """The same for what a reranker scored; 0.7 suits a calibrated one. Nothing above it: no answer."""


class RerankProvider(StrEnum):
    NONE = "none"
    COHERE = OutsideProvider.COHERE.value


class RerankSettings(Section):
    """A model that reads each passage together with the question. None is known that runs here without a network."""

    provider: RerankProvider = RerankProvider.NONE
    """Who is asked; needs that provider's key."""
    seconds: Annotated[float, Field(gt=0)] = 1.5
    """How long a question waits for it before the order of the search stands."""
    passage_characters: Annotated[int, Field(ge=200)] = 4_000
    """Of a passage, as much is sent."""
