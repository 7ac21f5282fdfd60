"""How documents are cut: the settings made fit for an embedder, and the revision of all that decides it."""

from dataclasses import dataclass
from typing import Final

from lethe.ingestion.cleaning import CLEANER_VERSION
from lethe.ingestion.revision import PipelineRevision
from lethe.ports.embedding import Tokenizer
from lethe.settings import ChunkSettings, ChunkStrategy

CHUNKER_VERSION: Final = "2"
PARSER_REVISION: Final = "unstructured-0.27/pdfium-5/2"
"""Raise the last number, or the vendor's, when the same bytes may give other elements: documents are then read anew."""

CONTEXT_TOKENS: Final = 32
"""Room kept in the embedder's input for the title and the section."""
MIN_TARGET: Final = 16
_OVERLAP_SHARE: Final = 8


@dataclass(frozen=True, slots=True)
class ChunkSizes:
    """In tokens of the embedder, already clamped to what it takes. ``target`` is never exceeded."""

    target: int
    overlap: int


@dataclass(frozen=True, slots=True)
class ChunkPlan:
    """A strategy and its numbers.

    ``characters``, ``overlap_characters``: of `recursive` only. ``percentile``, ``max_sentences``: of `semantic` only.
    """

    strategy: ChunkStrategy
    sizes: ChunkSizes
    characters: int
    overlap_characters: int
    percentile: float
    max_sentences: int

    @property
    def revision(self) -> str:
        """Says whatever changes a chunk's text; the embedding model never does, not even where it helps to cut."""
        sizes = f"{self.sizes.target}/{self.sizes.overlap}"
        match self.strategy:
            case ChunkStrategy.STRUCTURE | ChunkStrategy.FIXED:
                numbers = sizes
            case ChunkStrategy.RECURSIVE:
                numbers = f"{self.sizes.target};{self.characters}/{self.overlap_characters} characters"
            case ChunkStrategy.SEMANTIC:
                numbers = f"{sizes};{self.percentile:g}/{self.max_sentences}"
        return f"{self.strategy}-{CHUNKER_VERSION};{numbers}"


def chunk_plan(settings: ChunkSettings, tokenizer: Tokenizer) -> ChunkPlan:
    """The configured strategy, clamped so that title, section and text fit one input (MiniLM: 254 -> 222 / 32)."""
    room = max(MIN_TARGET, tokenizer.max_tokens - CONTEXT_TOKENS)
    # `recursive` counts characters: of tokens it only keeps the embedder's limit.
    wanted = room if settings.strategy is ChunkStrategy.RECURSIVE else settings.target_tokens
    target = max(MIN_TARGET, min(wanted, room))
    overlap = (
        settings.overlap_tokens if target == settings.target_tokens else -(-tokenizer.max_tokens // _OVERLAP_SHARE)
    )
    return ChunkPlan(
        strategy=settings.strategy,
        sizes=ChunkSizes(target, max(0, min(settings.overlap_tokens, overlap, target // 2))),
        characters=settings.recursive_characters,
        overlap_characters=min(settings.recursive_overlap_characters, settings.recursive_characters // 2),
        percentile=settings.semantic_percentile,
        max_sentences=settings.semantic_sentences,
    )


def pipeline_revision(settings: ChunkSettings, tokenizer: Tokenizer) -> PipelineRevision:
    """What the fingerprint of a version says about the pipeline (P1)."""
    return PipelineRevision(
        parser=f"{PARSER_REVISION};cleaner-{CLEANER_VERSION}", chunker=chunk_plan(settings, tokenizer).revision
    )
