"""Texts that are cut into as many chunks as one wants."""

import asyncio
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench.corpora import ROOT
from bench.ingest.floor import chunks_of
from lethe.adapters.embedding.choice import open_embedder
from lethe.adapters.parsing import vendor
from lethe.settings import ChunkSettings, Settings, TestingSettings

SEED: Final = 20_261_121
WORDS: Final = 28
"""In a sentence, which nearly fills a chunk."""
TOKENS: Final = 48


def texts(count: int, sentences: int, seed: int = SEED) -> list[str]:
    """As many documents of so many sentences; no two are alike."""
    draw = random.Random(seed)
    words = _words()
    return [_text(draw, words, sentences) for _ in range(count)]


def exact(count: int, chunks: int) -> list[str]:
    """As many documents of exactly so many chunks, as the installation cuts them."""
    return asyncio.run(_exact(count, chunks))


def _words() -> list[str]:
    words = (ROOT / "samples" / "employee-handbook.md").read_text().split()
    return [word for word in words if word.isalpha()]


def _text(draw: random.Random, words: Sequence[str], sentences: int) -> str:
    said = (" ".join(draw.choices(words, k=WORDS)).capitalize() for _ in range(sentences))
    return "\n\n".join(f"{each}." for each in said) + "\n"


async def _exact(count: int, chunks: int) -> list[str]:
    settings = Settings(
        _env_file=None,  # pyright: ignore[reportCallIssue]
        testing=TestingSettings(free_embedder=True),
        chunks=ChunkSettings(target_tokens=TOKENS, overlap_tokens=0),
    )
    draw, words, made = random.Random(SEED), _words(), list[str]()
    vendor.warm_up()
    async with open_embedder(settings) as embedder:
        with tempfile.TemporaryDirectory(prefix="lethe-erase-") as folder:
            path = Path(folder) / "text.txt"
            sentences = chunks
            while len(made) < count:
                candidate = _text(draw, words, sentences)
                path.write_text(candidate)
                found = len(await chunks_of(path, embedder, settings))
                if found == chunks:
                    made.append(candidate)
                sentences = max(1, sentences + (found < chunks) - (found > chunks))
    return made
