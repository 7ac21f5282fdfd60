"""Around a vendor: batches within its limits, oversize texts in pieces, one time limit, everything checked."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import SecretStr

from lethe.adapters.embedding.vendor import EmbeddingVendor, Reply
from lethe.adapters.throttle import Throttle
from lethe.adapters.vendor_errors import InputTooLong
from lethe.errors import ConfigurationError, EmbedderUnavailable, EmbeddingInvalid
from lethe.model.indexes import EmbeddingSpec
from lethe.model.processors import Operation, Origin, Processor
from lethe.ports.embedding import InputKind, Tokenizer, Vectors
from lethe.privacy.processors import ProcessorLedger
from lethe.settings import ProviderSettings

T = TypeVar("T")

_NOTHING: Final = " "
"""Sent for a text without a character: vendors refuse the empty one."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of text number ``text`` that the model takes in one, ``tokens`` long by our count."""

    text: int
    words: str
    tokens: int


class RemoteEmbedder:
    """lethe.ports.embedding.Embedder over any EmbeddingVendor. Calls nobody again: the step's policy does."""

    def __init__(
        self,
        vendor: EmbeddingVendor,
        spec: EmbeddingSpec,
        tokenizer: Tokenizer,
        settings: ProviderSettings,
        *,
        provider: str,
        calls: ProcessorLedger,
    ) -> None:
        self._vendor = vendor
        self._spec = spec
        self._tokenizer = tokenizer
        self._settings = settings
        self._throttle = Throttle(settings)
        self._calls = calls
        self._processor = Processor(provider, settings.region, settings.embedding_model, Operation.EMBED)

    @property
    def spec(self) -> EmbeddingSpec:
        return self._spec

    @property
    def tokenizer(self) -> Tokenizer:
        return self._tokenizer

    async def embed(self, texts: Sequence[str], kind: InputKind, origin: Origin | None = None) -> Vectors:
        """A text of more tokens than the model takes gets the mean of its pieces, weighted by length, of norm 1."""
        if origin is None:
            raise ValueError("nothing is sent outside without saying on whose behalf")
        pieces = [piece for number, text in enumerate(texts) for piece in self._pieces(number, text)]
        batches = list(self._batches(pieces))
        found = await _all([partial(self._embedded, batch, kind, origin) for batch in batches])
        parts: list[list[tuple[_Piece, NDArray[np.float32]]]] = [[] for _ in texts]
        for batch, vectors in zip(batches, found, strict=True):
            for piece, vector in zip(batch, vectors, strict=True):
                parts[piece.text].append((piece, vector))
        return np.array([_joined(of_text) for of_text in parts], np.float32).reshape(len(texts), self._spec.dims)

    async def warm_up(self) -> None:
        """Nothing to load: the provider has the model."""

    async def close(self) -> None:
        """Release connections."""
        await self._vendor.close()

    def _pieces(self, number: int, text: str) -> Iterator[_Piece]:
        offsets = self._tokenizer.offsets(text)
        most = min(self._tokenizer.max_tokens, self._settings.embedding_batch_tokens)
        places = range(most, len(offsets), most)
        cuts = pairwise([0, *(offsets[place][0] for place in places), len(text)])
        for first, (start, end) in zip([0, *places], cuts, strict=True):
            yield _Piece(number, text[start:end].strip() or _NOTHING, min(most, len(offsets) - first))

    def _batches(self, pieces: Sequence[_Piece]) -> Iterator[list[_Piece]]:
        batch: list[_Piece] = []
        tokens = 0
        for piece in pieces:
            full = len(batch) == self._settings.embedding_batch_inputs
            if batch and (full or tokens + piece.tokens > self._settings.embedding_batch_tokens):
                yield batch
                batch, tokens = [], 0
            batch.append(piece)
            tokens += piece.tokens
        if batch:
            yield batch

    async def _embedded(self, batch: Sequence[_Piece], kind: InputKind, origin: Origin) -> Vectors:
        """The pieces' vectors; where the vendor counts more tokens than we do, of halves, down to half a piece."""
        try:
            return (await self._call(batch, kind, origin)).vectors
        except InputTooLong:
            if len(batch) > 1:
                middle = len(batch) // 2
                halves = [await self._embedded(half, kind, origin) for half in (batch[:middle], batch[middle:])]
                return np.concatenate(halves)
        halves = _halves(batch[0])
        return _joined(list(zip(halves, await self._embedded(halves, kind, origin), strict=True))).reshape(1, -1)

    async def _call(self, batch: Sequence[_Piece], kind: InputKind, origin: Origin) -> Reply:
        tokens = sum(piece.tokens for piece in batch)
        async with self._throttle.turn(len(batch), tokens):
            try:
                async with self._calls.call(self._processor, origin, len(batch)) as outcome:
                    reply = await self._within_time([piece.words for piece in batch], kind)
                    outcome.tokens = reply.tokens
                    return reply
            except EmbedderUnavailable as error:
                if error.asked_delay:
                    self._throttle.pause(error.asked_delay)
                raise

    async def _within_time(self, texts: Sequence[str], kind: InputKind) -> Reply:
        """Over the whole call: a client's own limits begin again with every byte that drips in."""
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                return await self._vendor.request(texts, kind)
        except TimeoutError:
            detail = f"no answer within {self._settings.timeout_seconds} s"
            raise EmbedderUnavailable(detail).unanswered() from None


def spec_of(settings: ProviderSettings, preprocessing: str) -> EmbeddingSpec:
    """Without the provider: the same model behind another address gives vectors that may be compared."""
    return EmbeddingSpec(settings.embedding_model, settings.embedding_revision, settings.embedding_dims, preprocessing)


def need(name: str, *given: SecretStr | str) -> None:
    """Raises ConfigurationError if none of the settings of that name is given."""
    if not any(value.get_secret_value() if isinstance(value, SecretStr) else value for value in given):
        raise ConfigurationError(f"embedding.provider needs {name}")


def _halves(piece: _Piece) -> list[_Piece]:
    """Raises EmbeddingInvalid for a piece that cannot be too long."""
    middle = len(piece.words) // 2
    if middle == 0:
        raise EmbeddingInvalid("the provider finds a text of one character too long")
    space = piece.words.rfind(" ", middle // 2, middle)
    cut = space if space > 0 else middle
    tokens = -(-piece.tokens // 2)
    return [_Piece(piece.text, words.strip() or _NOTHING, tokens) for words in (piece.words[:cut], piece.words[cut:])]


def _joined(parts: Sequence[tuple[_Piece, NDArray[np.float32]]]) -> NDArray[np.float32]:
    """The one vector of a text's pieces, shape (dims,), norm 1. EmbeddingInvalid where opposite pieces cancel out."""
    if len(parts) == 1:
        return parts[0][1]
    mean = np.sum([vector.astype(np.float64) * max(piece.tokens, 1) for piece, vector in parts], axis=0)
    norm = np.linalg.norm(mean)
    if norm == 0:
        raise EmbeddingInvalid("the pieces of a text cancel out")
    return np.asarray(mean / norm, np.float32)


async def _all(jobs: Sequence[Callable[[], Awaitable[T]]]) -> list[T]:
    """All results in order; at the first failure the others are cancelled and it is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_awaited(job)) for job in jobs]
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]


async def _awaited(job: Callable[[], Awaitable[T]]) -> T:
    return await job()
