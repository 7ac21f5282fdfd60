"""A question in other words finds an earlier answer: its embedding proposes, its words decide (`same_question`)."""

import asyncio
from dataclasses import dataclass
from typing import Final

from lethe.answering.caching.exact import share
from lethe.answering.caching.keys import Asker, answer_key
from lethe.answering.deps import Answering
from lethe.answering.request import AnswerRequest
from lethe.answering.same_question import difference
from lethe.errors import LedgerUnavailable
from lethe.model.answers import Question
from lethe.model.caches import CachedAnswer
from lethe.model.ids import Id
from lethe.model.indexes import BuildKind
from lethe.model.principals import Caller
from lethe.model.processors import Origin
from lethe.ports.embedding import EMBEDDER_FAILURES, InputKind, degraded_by
from lethe.ports.keyring import SecretPurpose
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
    build_id: Id


async def recall_similar(deps: Answering, caller: Caller, request: AnswerRequest, question_id: Id) -> bool:
    """Give the caller's stored question the answer of one that asks the same in other words, if there is one.

    Its vector is kept for the steps that come if there is none.
    """
    if not deps.caching.covers(request) or not deps.caching.settings.similar or request.alpha == 0:
        return False
    async with deps.ledger.read() as uow:
        question = await uow.questions.get(caller.tenant_id, question_id)
        build = await uow.builds.reading(caller.tenant_id, BuildKind.VECTOR, question.seq) if question else None
    if question is None or build is None or build.spec != deps.embedder.spec.key:
        return False
    vector = await _embedded(deps, question, request)
    deps.vectors.keep(question_id, vector)
    is_given = await _given(deps, _Asked(caller, question, request, build.id), vector)
    (CACHE_HITS if is_given else CACHE_MISSES).labels(SEMANTIC).inc()
    return is_given


async def _embedded(deps: Answering, question: Question, request: AnswerRequest) -> AskedVector:
    origin = Origin(question.tenant_id, frozenset({question.id}), question.principal_id)
    try:
        async with asyncio.timeout(deps.embed_seconds):
            return AskedVector((await deps.embedder.embed([request.text], InputKind.QUERY, origin))[0])
    except (*EMBEDDER_FAILURES, LedgerUnavailable) as error:
        # A ledger that takes no writes cannot record a call outside, so none is made.
        return AskedVector(None, (degraded_by(error),))


async def _given(deps: Answering, asked: _Asked, vector: AskedVector) -> bool:
    if vector.vector is None:
        return False
    caller = asked.caller
    digest_key = await deps.keyring.secret(caller.tenant_id, SecretPurpose.DIGEST)
    asker = Asker(caller.tenant_id, caller.principal_id, caller.readers, digest_key)
    async with deps.ledger.read() as uow:
        key = await answer_key(uow, deps.caching, asker, asked.request, asked.build_id)
    settings, oldest = deps.caching.settings, deps.caching.oldest(deps.clock.now())
    bucket = await deps.vectors.bucket(deps.ledger, deps.keyring, caller.tenant_id, key.bucket, oldest, settings.newest)
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
