"""The embedder alone: exhaustive cosine over whole documents, and over the vectors the index holds."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from bench.index import Index
from bench.quality.measures import distinct
from bench.relevance import fitting
from lethe.adapters.embedding.choice import open_embedder
from lethe.ports.embedding import InputKind, Vectors
from lethe.settings import Settings


def embed(texts: Sequence[str], kind: InputKind, settings: Settings, cache: Path) -> Vectors:
    """The texts' vectors, each of as much of it as the model takes; from ``cache`` where they were made before."""
    digest = hashlib.sha256(f"{settings.embedding}\n{kind}\n{texts!r}".encode()).hexdigest()
    kept = cache / f"{digest}.npy"
    if not kept.exists():
        cache.mkdir(parents=True, exist_ok=True)
        np.save(kept, asyncio.run(_embed(texts, kind, settings)))
    return np.load(kept)


async def _embed(texts: Sequence[str], kind: InputKind, settings: Settings) -> Vectors:
    async with open_embedder(settings) as embedder:
        return await embedder.embed([fitting(embedder, text) for text in texts], kind)


def by_whole_documents(
    questions: Mapping[str, str], asked: Vectors, names: Sequence[str], vectors: Vectors
) -> dict[str, list[str]]:
    """Documents by the cosine of the whole document's vector."""
    return _ranked(questions, asked, names, vectors)


def by_chunks(
    questions: Mapping[str, str], asked: Vectors, index: Index, names: Mapping[str, str]
) -> dict[str, list[str]]:
    """Documents by their best chunk's cosine; ``names`` says whose each chunk is."""
    chunks = [chunk for chunk in index if chunk in names]
    vectors = np.array([index[chunk] for chunk in chunks], np.float32)
    return _ranked(questions, asked, [names[chunk] for chunk in chunks], vectors)


def _ranked(
    questions: Mapping[str, str], asked: Vectors, names: Sequence[str], vectors: Vectors
) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row, question in enumerate(questions):
        order = np.argsort(-(vectors @ asked[row]), kind="stable")
        found[question] = distinct([names[int(place)] for place in order])
    return found
