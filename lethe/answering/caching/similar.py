"""A question in other words finds an earlier answer: its embedding proposes, its words decide (`same_question`)."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from lethe.answering.caching.exact import share
from lethe.answering.deps import Answering
from lethe.answering.request import AnswerRequest
from lethe.answering.same_question import difference
from lethe.answering.unawaited import hear
from lethe.answering.under_way import CachePlace
from lethe.errors import LedgerUnavailable
from lethe.model.answers import Question
from lethe.model.caches import CachedAnswer
from lethe.model.ids import Id
from lethe.model.principals import Caller
from lethe.model.processors import Origin
from lethe.ports.embedding import EMBEDDER_FAILURES, Embedder, InputKind, degraded_by, model_of
from lethe.ports.search import AskedVector
from lethe.telemetry import CACHE_HITS, CACHE_MISSES

SEMANTIC: Final = "semantic"

_TRIED: Final = 5
"""Nearest questions whose words are read."""


@dataclass(frozen=True, slots=True)
class _Asked:
    caller: Caller
    question: Question
    request: AnswerRequest
    place: CachePlace


async def recall_similar(deps: Answering, caller: Caller, question_id: Id) -> bool:
    """Give the caller's stored question the answer of one that asks the same in other words, if there is one.

    Its vector is kept for the steps that come if there is none.
    """
    known = deps.under_way.asked(question_id)
    embedder = None if known is None else _proposing(deps, known.request, known.place)
    if known is None or known.place is None or embedder is None:
        return False
    asked = _Asked(caller, known.question, known.request, known.place)
    vector = deps.under_way.vector(question_id)
    if vector is None:
        vector = await _vector(deps, embedder, asked)
        deps.under_way.keep_vector(question_id, vector)
    is_given = await _given(deps, asked, vector)
    (CACHE_HITS if is_given else CACHE_MISSES).labels(SEMANTIC).inc()
    return is_given


@asynccontextmanager
async def embedding_meanwhile(
    deps: Answering, question_id: Id, request: AnswerRequest, place: CachePlace | None
) -> AsyncGenerator[asyncio.Task[AskedVector] | None]:
    """Make the question's vector while the block stores the question, for the look among other words and the search.

    Yields it where it is begun here: once for equal questions. Nobody waits for it here. Only by a model in this
    process: to be sent outside, a question has to be stored first.
    """
    embedder = _proposing(deps, request, place)
    if embedder is None or place is None or embedder.spec.key not in deps.in_process:
        yield None
        return
    fresh: asyncio.Task[AskedVector] | None = None
    begun = deps.under_way.embedding(place.key.whole)
    if begun is None or _came_to_nothing(begun):
        fresh = asyncio.create_task(_embedded(deps, embedder, request, None))
        hear(fresh)
        deps.under_way.keep_embedding(place.key.whole, fresh)
    try:
        yield fresh
    finally:
        if deps.under_way.asked(question_id) is None:
            deps.under_way.drop_embedding(place.key.whole)


def _came_to_nothing(begun: asyncio.Task[AskedVector]) -> bool:
    return begun.done() and (begun.cancelled() or begun.exception() is not None or begun.result().vector is None)


async def _vector(deps: Answering, embedder: Embedder, asked: _Asked) -> AskedVector:
    """As it was begun for this question or an equal one, else made now."""
    begun = deps.under_way.embedding(asked.place.key.whole)
    if begun is not None:
        return await asyncio.shield(begun)
    question = asked.question
    origin = Origin(question.tenant_id, frozenset({question.id}), question.principal_id)
    return await _embedded(deps, embedder, asked.request, origin)


def _proposing(deps: Answering, request: AnswerRequest, place: CachePlace | None) -> Embedder | None:
    """Whose vectors propose questions in other words, if they are wanted."""
    if place is None or not deps.caching.settings.similar or request.alpha == 0:
        return None
    return model_of(place.build.spec, deps.embedder, *deps.others)


async def _embedded(deps: Answering, embedder: Embedder, request: AnswerRequest, origin: Origin | None) -> AskedVector:
    try:
        async with asyncio.timeout(deps.embed_seconds):
            vector = (await embedder.embed([request.text], InputKind.QUERY, origin))[0]
            return AskedVector(vector, spec=embedder.spec.key)
    except (*EMBEDDER_FAILURES, LedgerUnavailable) as error:
        # A ledger that takes no writes cannot record a call outside, so none is made.
        return AskedVector(None, (degraded_by(error),))


async def _given(deps: Answering, asked: _Asked, vector: AskedVector) -> bool:
    if vector.vector is None:
        return False
    caller = asked.caller
    settings, oldest = deps.caching.settings, deps.caching.oldest(deps.clock.now())
    bucket = await deps.vectors.bucket(
        deps.ledger, deps.keyring, caller.tenant_id, asked.place.key.bucket, oldest, settings.newest
    )
    for entry in bucket.nearest(vector.vector, settings.similarity)[:_TRIED]:
        if await _serves(deps, asked, entry) and await share(
            deps, caller, asked.question.id, entry.question_id, entry.key_hmac
        ):
            return True
    return False


async def _serves(deps: Answering, asked: _Asked, entry: CachedAnswer) -> bool:
    """Whether the entry is still there, all its sources pass the gate, and its question asks the same."""
    caller, oldest = asked.caller, deps.caching.oldest(deps.clock.now())
    async with deps.ledger.read() as uow:
        earlier = await uow.questions.get(caller.tenant_id, entry.question_id)
        found = await uow.answer_cache.find(
            caller.tenant_id, entry.key_hmac, oldest, asked.question.seq, caller.readers
        )
    if earlier is None or found is None or not found.is_servable or found.entry.question_id != entry.question_id:
        return False
    key = (await deps.keyring.get_many(caller.tenant_id, [earlier.id])).get(earlier.id)
    if key is None:
        return False
    return difference(asked.request.text, AnswerRequest.opened(key, earlier.sealed_request).text) is None
