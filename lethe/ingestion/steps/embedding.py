"""embed: a vector for every chunk, known ones first, each stored as soon as its batch is done."""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lethe.contracts.ingestion import EmbedBatch, Embedded
from lethe.errors import DeadlineExceeded, EmbedderRefused, EmbeddingModelChanged, LetheError
from lethe.ingestion.chunking import embedding_text
from lethe.ingestion.steps.pipeline import Pipeline, enter
from lethe.model.documents import Chunk, ChunkVector, Status
from lethe.model.ids import Id
from lethe.model.processors import Origin
from lethe.ports.embedding import EMBEDDER_FAILURES, Embedder, InputKind, model_of
from lethe.ports.ledger import UnitOfWork
from lethe.privacy.erasure.needles import standing_needles
from lethe.privacy.sealing import Purpose, seal_vector, unseal_text, unseal_vector

Vector = NDArray[np.float32]

_LOST_PAGE: Final = 64
"""Lost vectors made and stored together: what is paid for is kept when the provider fails after it."""

_REFUSED_MOST: Final = 3
"""Texts refused in a row before it is asked whether the provider refuses anything at all."""
_HARMLESS: Final = "The ferry crosses the river at noon."
"""Whoever refuses this refuses no text in particular: a key, an address, a quota."""

_log: Final = logging.getLogger("lethe.embedding")


async def embed_chunks(pipeline: Pipeline, batch: EmbedBatch) -> Embedded:
    """Give a vector to each chunk of the range that has none; what an earlier attempt stored is not paid again."""
    ref = batch.version
    await enter(pipeline, ref, Status.EMBEDDING)
    embedder = await pipeline.serving_model(ref.tenant_id)
    async with pipeline.ledger.read() as uow:
        chunks = await uow.chunks.of_version(ref.tenant_id, ref.version_id, batch.start, batch.stop)
        done = await uow.chunks.vectors(ref.tenant_id, ref.version_id, embedder.spec.key, batch.start, batch.stop)
    missing = [chunk for chunk in chunks if chunk.id not in done]
    embedded = await give_vectors(pipeline, embedder, ref.tenant_id, missing)
    return embedded.model_copy(update={"reused": embedded.reused + len(done)})


async def give_vectors(
    pipeline: Pipeline,
    embedder: Embedder,
    tenant_id: Id,
    missing: Sequence[Chunk],
    computed: Callable[[], None] = lambda: None,
    build_id: Id | None = None,
) -> Embedded:
    """Give a vector to each of the chunks, of one version or of many, and store them in one unit.

    A text that the tenant has a vector of is not embedded again, nor one that stands among the chunks twice.
    ``computed`` is called when vectors are paid for and not yet stored. ``build_id``: for whose sake, if not for the
    sake of what came in. Raises EmbeddingModelChanged.
    """
    if not missing:
        return Embedded(computed=0, reused=0)
    spec = embedder.spec.key
    keys = await pipeline.keyring.get_many(tenant_id, {chunk.version_id for chunk in missing})
    # A version whose key was destroyed meanwhile is on its way out; its chunks need no vectors.
    missing = [chunk for chunk in missing if chunk.version_id in keys]
    async with pipeline.ledger.read() as uow:
        await _refuse_if_stopped(uow, tenant_id, spec)
        known = await uow.chunks.known_vectors(tenant_id, spec, {chunk.text_hmac for chunk in missing})
    vectors = await _open_known(pipeline, tenant_id, known)
    reused = sum(chunk.text_hmac in vectors for chunk in missing)
    unknown = [chunk for chunk in missing if chunk.text_hmac not in vectors]
    fresh = await _compute(embedder, tenant_id, keys, unknown, build_id)
    vectors.update(fresh)
    computed()
    async with pipeline.ledger.write() as uow:
        await _refuse_if_stopped(uow, tenant_id, spec)
        await uow.chunks.put_vectors(
            [
                ChunkVector(
                    tenant_id=tenant_id,
                    chunk_id=chunk.id,
                    version_id=chunk.version_id,
                    spec=spec,
                    text_hmac=chunk.text_hmac,
                    sealed_vector=seal_vector(keys[chunk.version_id], vectors[chunk.text_hmac]),
                )
                for chunk in missing
            ]
        )
    return Embedded(computed=len(fresh), reused=reused)


async def _refuse_if_stopped(uow: UnitOfWork, tenant_id: Id, spec: str) -> None:
    if await uow.probes.is_stopped(tenant_id, spec):
        raise EmbeddingModelChanged


@dataclass(frozen=True, slots=True)
class LostVectors:
    """Embeds again what the ledger has no vector of any more."""

    pipeline: Pipeline

    async def make(self, tenant_id: Id, spec: str, chunks: Sequence[Chunk], build_id: Id | None = None) -> None:
        """What the embedder does not give is left out: the next look finds the same chunks, except for those whose
        texts it refused.
        """
        embedder = model_of(spec, self.pipeline.embedder, *self.pipeline.others)
        if embedder is None:
            return
        try:
            for start in range(0, len(chunks), _LOST_PAGE):
                await self._make_page(embedder, tenant_id, chunks[start : start + _LOST_PAGE], build_id)
        except EMBEDDER_FAILURES as error:
            code = error.code if isinstance(error, LetheError) else DeadlineExceeded.code
            _log.warning("lost vectors were not made again", extra={"tenant": tenant_id, "code": code})

    async def withheld(self, tenant_id: Id, spec: str, chunk_ids: Collection[Id]) -> frozenset[Id]:
        embedder = model_of(spec, self.pipeline.embedder, *self.pipeline.others)
        async with self.pipeline.ledger.read() as uow:
            sent = await uow.chunks.to_embed(tenant_id, spec, chunk_ids)
            chunks = await uow.chunks.some(tenant_id, sent)
        if embedder is not None:
            sent = frozenset(chunk.id for chunk in await self._unnamed(embedder, tenant_id, chunks))
        return frozenset(chunk_ids) - sent

    async def anew(
        self, tenant_id: Id, spec: str, chunks: Sequence[Chunk], build_id: Id | None = None
    ) -> Mapping[Id, Vector]:
        embedder = self.pipeline.model_of(spec)
        keys = await self.pipeline.keyring.get_many(tenant_id, {chunk.version_id for chunk in chunks})
        found: dict[Id, Vector] = {}
        for start in range(0, len(chunks), _LOST_PAGE):
            page = [chunk for chunk in chunks[start : start + _LOST_PAGE] if chunk.version_id in keys]
            page = await self._unnamed(embedder, tenant_id, page)
            vectors = await _compute(embedder, tenant_id, keys, page, build_id)
            found |= {chunk.id: vectors[chunk.text_hmac] for chunk in page}
        return found

    async def _unnamed(self, embedder: Embedder, tenant_id: Id, chunks: Sequence[Chunk]) -> list[Chunk]:
        """Those that show nobody who is being erased."""
        needles = await standing_needles(self.pipeline.ledger, self.pipeline.keyring, tenant_id)
        if not needles.keys:
            return list(chunks)
        keys = await self.pipeline.keyring.get_many(tenant_id, {chunk.version_id for chunk in chunks})

        def shows(chunk: Chunk) -> bool:
            key = keys.get(chunk.version_id)
            return key is not None and needles.hides(chunk_text(embedder, key, chunk))

        return await asyncio.to_thread(lambda: [chunk for chunk in chunks if not shows(chunk)])

    async def _make_page(self, embedder: Embedder, tenant_id: Id, chunks: Sequence[Chunk], build_id: Id | None) -> None:
        spec = embedder.spec.key
        async with self.pipeline.ledger.read() as uow:
            allowed = await uow.chunks.to_embed(tenant_id, spec, [chunk.id for chunk in chunks])
        sent = await self._unnamed(embedder, tenant_id, [chunk for chunk in chunks if chunk.id in allowed])
        try:
            await give_vectors(self.pipeline, embedder, tenant_id, sent, build_id=build_id)
        except EmbedderRefused as error:
            refused = await self._one_by_one(embedder, tenant_id, sent, build_id)
            if not refused:
                return
            _log.warning("texts are refused", extra={"tenant": tenant_id, "code": error.code, "count": len(refused)})
            async with self.pipeline.ledger.write() as uow:
                await uow.refusals.add(tenant_id, spec, refused, error.code, self.pipeline.clock.now())

    async def _one_by_one(
        self, embedder: Embedder, tenant_id: Id, chunks: Sequence[Chunk], build_id: Id | None
    ) -> list[Id]:
        """One text that is refused does not keep the others from theirs; returns those that are.

        Raises EmbedderRefused where nothing is taken.
        """
        refused, in_a_row = list[Id](), 0
        for chunk in chunks:
            try:
                await give_vectors(self.pipeline, embedder, tenant_id, [chunk], build_id=build_id)
                in_a_row = 0
            except EmbedderRefused:
                refused.append(chunk.id)
                in_a_row += 1
                if in_a_row % _REFUSED_MOST == 0:
                    await _try_harmless(embedder, tenant_id, build_id)
        if in_a_row % _REFUSED_MOST:
            await _try_harmless(embedder, tenant_id, build_id)
        return refused


async def _try_harmless(embedder: Embedder, tenant_id: Id, build_id: Id | None) -> None:
    origin = Origin(tenant_id, frozenset({build_id} if build_id else ()))
    await embedder.embed([_HARMLESS], InputKind.DOCUMENT, origin)


async def _open_known(pipeline: Pipeline, tenant_id: Id, known: Mapping[str, ChunkVector]) -> dict[str, Vector]:
    """Vectors of the same text under the same model; one whose key is gone counts as unknown."""
    keys = await pipeline.keyring.get_many(tenant_id, {vector.version_id for vector in known.values()})
    return {
        text_hmac: unseal_vector(keys[vector.version_id], vector.sealed_vector)
        for text_hmac, vector in known.items()
        if vector.version_id in keys
    }


async def _compute(
    embedder: Embedder, tenant_id: Id, keys: Mapping[Id, bytes], chunks: Sequence[Chunk], build_id: Id | None
) -> dict[str, Vector]:
    """A vector for each text among the chunks, by the text's digest."""
    texts = {chunk.text_hmac: chunk_text(embedder, keys[chunk.version_id], chunk) for chunk in chunks}
    if not texts:
        return {}
    refs = {chunk.document_id for chunk in chunks}
    origin = Origin(tenant_id, frozenset(refs | {build_id} if build_id else refs))
    vectors = await embedder.embed(list(texts.values()), InputKind.DOCUMENT, origin)
    # Before anything is stored: whoever adds these up knows what was paid, also by a process that was killed.
    _log.info("embedded", extra={"count": len(texts)})
    return {text_hmac: vectors[row] for row, text_hmac in enumerate(texts)}


def chunk_text(embedder: Embedder, key: bytes, chunk: Chunk) -> str:
    """What the model is given of the chunk."""
    section = unseal_text(key, Purpose.CHUNK_SECTION, chunk.sealed_section)
    text = unseal_text(key, Purpose.CHUNK_TEXT, chunk.sealed_text)
    return embedding_text(section, text, embedder.tokenizer)
