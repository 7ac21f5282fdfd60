"""Answers given again: kept with their sources, served only while every one of them passes the gate.

An entry points at an answered question; the one who asks again gets a question of their own that refers to it. So an
answer is stored once, under one key, and goes for everybody when it is erased. A withdrawn source, a replaced version
or a right taken away is seen by the look-up itself: nothing has to tell the cache.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Final

from lethe.answering.body import AnswerBody
from lethe.answering.caching.keys import Asker, CachePolicy, answer_key
from lethe.answering.deps import Answering
from lethe.answering.request import AnswerRequest
from lethe.answering.under_way import Asked, CachePlace
from lethe.answering.vectors import seal_question_vector
from lethe.answering.views import AnswerView, Kept, look_at, open_view
from lethe.contracts.answering import Retrieved
from lethe.errors import KeyDestroyed, LedgerConflict, LedgerUnavailable
from lethe.model.answers import Answer, AnswerMode, Question, QuestionState
from lethe.model.caches import CachedAnswer
from lethe.model.ids import Id
from lethe.model.principals import Caller
from lethe.ports.keyring import SecretPurpose
from lethe.ports.ledger import CacheLookup, UnitOfWork
from lethe.privacy.erasure.needles import open_needles
from lethe.telemetry import CACHE_HITS, CACHE_MISSES

EXACT: Final = "exact"

_KEPT_MODES: Final = frozenset({AnswerMode.GENERATED, AnswerMode.EXTRACTIVE})
"""Not that there is no answer: who was told so may have uploaded it since."""


@dataclass(frozen=True, slots=True)
class LookedUp:
    """``place`` is the same for equal questions of equal rights; None where answers are not shared.

    ``question``: answered. ``view``: its answer, if nothing that may be read has changed until the question was stored.
    """

    place: CachePlace | None = None
    question: Question | None = None
    view: AnswerView | None = None


async def look_up(deps: Answering, caller: Caller, request: AnswerRequest, question_id: Id) -> LookedUp:
    """The caller's question, stored under that id and answered already, if an earlier answer serves.

    Needs the ledger only.
    """
    if not deps.caching.covers(request):
        return LookedUp()
    asker = Asker(
        caller.tenant_id,
        caller.principal_id,
        caller.readers,
        await deps.keyring.secret(caller.tenant_id, SecretPurpose.DIGEST),
    )
    now = deps.clock.now()
    async with deps.ledger.read() as uow:
        standing = await uow.answer_cache.standing(caller.tenant_id, caller.principal_id)
        build, seq = standing.build, standing.seq
        if build is None:
            return LookedUp()
        key = answer_key(deps.caching, asker, request, standing, build.id)
        found = await uow.answer_cache.find(caller.tenant_id, key.whole, deps.caching.oldest(now), seq, caller.readers)
        kept = None
        if found is not None and found.is_servable:
            kept = await look_at(deps, uow, _referring(caller, question_id, found.entry, seq, now))
    place = CachePlace(key, build, seq)
    if found is None or kept is None or not await _is_whole(deps, kept):
        await _drop(deps, found)
        return _missed(place)
    try:
        view = await open_view(deps, kept)
    except KeyDestroyed:  # erased since it was found
        await _drop(deps, found)
        return _missed(place)
    taken = await _take(deps, kept.question, found.entry)
    if taken is _Taken.REFUSED:
        return _missed(place)
    CACHE_HITS.labels(EXACT).inc()
    return LookedUp(place, kept.question, view if taken is _Taken.UNCHANGED else None)


def _missed(place: CachePlace) -> LookedUp:
    CACHE_MISSES.labels(EXACT).inc()
    return LookedUp(place)


async def _is_whole(deps: Answering, kept: Kept) -> bool:
    """Whether nothing of the answer shows somebody who is being erased."""
    if not kept.looked.fenced:
        return True
    tenant_id, answered = kept.answer.tenant_id, kept.answer.question_id
    keys = await deps.keyring.get_many(tenant_id, [answered])
    if answered not in keys:
        return False
    body = AnswerBody.opened(keys[answered], kept.answer.sealed_body)
    readable = await deps.search.opened(kept.looked)
    needles = await open_needles(deps.keyring, tenant_id, kept.looked.fenced)
    return len(readable) == len(kept.answer.citations) and body.without(needles) == body


def _referring(caller: Caller, question_id: Id, entry: CachedAnswer, seq: int, now: datetime) -> Question:
    """The caller's question that refers to the entry's answer."""
    return Question(
        tenant_id=caller.tenant_id,
        id=question_id,
        principal_id=caller.principal_id,
        readers=tuple(sorted(caller.readers)),
        sealed_request=b"",
        state=QuestionState.ANSWERED,
        seq=seq,
        created_at=now,
        answered_by=entry.question_id,
    )


class _Taken(Enum):
    """``CHANGED``: what may be read, since the entry was looked up."""

    REFUSED = auto()
    UNCHANGED = auto()
    CHANGED = auto()


async def _take(deps: Answering, question: Question, entry: CachedAnswer) -> _Taken:
    """Store the question."""
    try:
        async with deps.ledger.write() as uow:
            is_unchanged = await uow.tenants.pinned_seq(question.tenant_id) == question.seq
            await uow.questions.add(question)
            await uow.answer_cache.touch(question.tenant_id, entry.key_hmac, question.created_at)
    except (LedgerConflict, LedgerUnavailable):
        # Erased meanwhile, or the ledger takes no writes: the question goes its usual way.
        return _Taken.REFUSED
    return _Taken.UNCHANGED if is_unchanged else _Taken.CHANGED


async def _drop(deps: Answering, found: CacheLookup | None) -> None:
    """An entry that may not serve any more goes."""
    if found is not None:
        with suppress(LedgerConflict, LedgerUnavailable):
            async with deps.ledger.write() as uow:
                await uow.answer_cache.drop(found.entry)


async def share(deps: Answering, caller: Caller, question_id: Id, answered: Id, key_hmac: str | None = None) -> bool:
    """Give the caller's stored question the answer of an equal one; not if it may not be read whole any more.

    ``key_hmac``: of the entry by which that one was found.
    """
    async with deps.ledger.read() as uow:
        question = await uow.questions.get(caller.tenant_id, question_id)
        leader = await uow.questions.get(caller.tenant_id, answered)
        source = (leader and leader.answered_by) or answered
        answer = await uow.questions.answer(caller.tenant_id, source)
    if question is None or answer is None or not answer.is_final:
        return False
    scores = {each.chunk_id: each.score for each in answer.citations}
    readable = await deps.search.reopen(caller.tenant_id, scores, seq=question.seq, readers=caller.readers)
    if len(readable) < len(scores):
        return False
    try:
        async with deps.ledger.write() as uow:
            await uow.questions.refer(caller.tenant_id, question_id, source)
            if key_hmac is not None:
                await uow.answer_cache.touch(caller.tenant_id, key_hmac, deps.clock.now())
    except (LedgerConflict, LedgerUnavailable):
        return False
    return True


@dataclass(frozen=True, slots=True)
class Keeping:
    """An answer to be found again."""

    policy: CachePolicy
    asker: Asker
    asked: Asked
    answer: Answer
    build_id: Id
    version_ids: frozenset[Id]
    sealed_vector: bytes | None

    async def write(self, uow: UnitOfWork) -> None:
        """In the unit that makes the answer final."""
        place = self.asked.place
        if place is not None and place.build.id == self.build_id:
            key = place.key
        else:
            standing = await uow.answer_cache.standing(self.asker.tenant_id, self.asker.principal_id)
            key = answer_key(self.policy, self.asker, self.asked.request, standing, self.build_id)
        entry = CachedAnswer(
            tenant_id=self.asker.tenant_id,
            key_hmac=key.whole,
            bucket_hmac=key.bucket,
            question_id=self.answer.question_id,
            created_at=self.answer.created_at,
            used_at=self.answer.created_at,
            sealed_vector=self.sealed_vector,
        )
        await uow.answer_cache.put(entry, self.version_ids, self.policy.settings.entries)


async def keeping(deps: Answering, asked: Asked, answer: Answer, retrieved: Retrieved) -> Keeping | None:
    """How to keep a final answer; None for one that is less than it could be, or not to be kept.

    Its sources are all passages that were found, cited or not: another one of them may now answer better.
    """
    is_whole = answer.mode in _KEPT_MODES and not answer.is_degraded
    if not is_whole or retrieved.build_id is None or not deps.caching.covers(asked.request):
        return None
    question = asked.question
    digest_key = await deps.keyring.secret(question.tenant_id, SecretPurpose.DIGEST)
    return Keeping(
        policy=deps.caching,
        asker=Asker.of(question, digest_key),
        asked=asked,
        answer=answer,
        build_id=retrieved.build_id,
        version_ids=frozenset(passage.version_id for passage in retrieved.passages),
        sealed_vector=_sealed_vector(deps, question.id, asked.key),
    )


def _sealed_vector(deps: Answering, question_id: Id, key: bytes) -> bytes | None:
    """If this process knows it."""
    asked = deps.under_way.vector(question_id)
    return None if asked is None or asked.vector is None else seal_question_vector(key, asked.vector)
