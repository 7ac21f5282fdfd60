"""Chunking by one of four strategies: the same chunks every time, bounded by the embedder's own tokens."""

import asyncio
from collections.abc import Iterable, Sequence

from lethe.ingestion.chunking import fixed, recursive, semantic
from lethe.ingestion.chunking.atoms import atoms
from lethe.ingestion.chunking.cutting import Span
from lethe.ingestion.chunking.drafts import ChunkDraft, drafts_of
from lethe.ingestion.chunking.headings import embedding_text
from lethe.ingestion.chunking.outline import SECTION_SEPARATOR, Outline
from lethe.ingestion.chunking.packing import pack
from lethe.ingestion.chunking.plan import ChunkPlan, ChunkSizes, chunk_plan, pipeline_revision
from lethe.ingestion.chunking.semantic import segments
from lethe.ingestion.cleaning import CleanDocument
from lethe.ports.embedding import Embedder
from lethe.settings import ChunkStrategy

__all__ = [
    "SECTION_SEPARATOR",
    "ChunkDraft",
    "ChunkPlan",
    "ChunkSizes",
    "chunk_document",
    "chunk_plan",
    "embedding_text",
    "pipeline_revision",
]


async def chunk_document(document: CleanDocument, embedder: Embedder, plan: ChunkPlan) -> tuple[ChunkDraft, ...]:
    """The document in chunks of at most the target size: in order, and every word of it in at least one.

    Only `semantic` calls the embedder, for the sentences it compares, and raises what that raises.
    """
    text, outline, tokenizer, sizes = document.text, Outline(document), embedder.tokenizer, plan.sizes
    runs: Iterable[Sequence[Span]]
    match plan.strategy:
        case ChunkStrategy.STRUCTURE | ChunkStrategy.SEMANTIC:
            pieces = await asyncio.to_thread(lambda: list(atoms(document, outline, tokenizer, sizes)))
            is_semantic = plan.strategy is ChunkStrategy.SEMANTIC
            places = await semantic.turns(pieces, text, embedder, plan) if is_semantic else frozenset[int]()
            packed = (pack(part, outline.top_level, text, tokenizer, sizes) for part in segments(pieces, places))
            runs = ([atom.span for atom in run] for runs_of_part in packed for run in runs_of_part)
        case ChunkStrategy.RECURSIVE:
            runs = recursive.windows(text, tokenizer, plan)
        case ChunkStrategy.FIXED:
            runs = fixed.windows(text, tokenizer, sizes)
    return await asyncio.to_thread(drafts_of, document, outline, runs, tokenizer, sizes.target)
