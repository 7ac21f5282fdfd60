"""Whether what was judged right is still found: questions whose answers somebody liked are asked again at night."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Final

from lethe.answering.request import AnswerRequest
from lethe.contracts.probes import ProbeRef, QualityProbed
from lethe.model.answers import Question
from lethe.model.feedback import FeedbackFilter, Verdict
from lethe.model.ids import Id
from lethe.model.probes import QualityProbe
from lethe.ports.clock import Clock
from lethe.ports.keyring import KeyRing
from lethe.ports.ledger import Ledger, UnitOfWork
from lethe.ports.search import Found, PassageSearch
from lethe.privacy.erasure.needles import standing_needles
from lethe.settings import ProbeSettings

DEPTH: Final = 5
_PASSAGES: Final = 50
"""Enough for that many documents."""


@dataclass(frozen=True, slots=True)
class _Judged:
    question: Question
    request: AnswerRequest
    relevant: frozenset[Id]


@dataclass(frozen=True, slots=True)
class QualityProbing:
    """``search``: as questions are, without a reranker. May be repeated."""

    ledger: Ledger
    keyring: KeyRing
    search: PassageSearch
    clock: Clock
    settings: ProbeSettings

    async def probe(self, ref: ProbeRef) -> QualityProbed:
        """Ask each judged question with the rights of whoever asked it, and keep the mean.

        Raises IndexUnavailable, LedgerUnavailable: nothing is kept. A question that is answered with less than all
        stores and models does not count.
        """
        judged = await self._judged(ref.tenant_id)
        found = [share for each in judged if (share := await self._share(each)) is not None]
        precision = fmean(found) if found else None
        probe = QualityProbe(ref.tenant_id, self.clock.now(), len(found), precision)
        async with self.ledger.write() as uow:
            await uow.probes.put_quality(probe)
        return QualityProbed(questions=len(found), precision=precision)

    async def _judged(self, tenant_id: Id) -> list[_Judged]:
        liked, most = FeedbackFilter(verdict=Verdict.UP), self.settings.judged
        async with self.ledger.read() as uow:
            rated = await uow.feedback.page(tenant_id, liked, None, most) if most else []
            cited = {each.feedback.question_id: each.document_ids for each in rated if each.document_ids}
            asked = [await uow.questions.get(tenant_id, question_id) for question_id in cited]
            questions = [each for each in asked if each is not None and each.sealed_request]
            readable = {each.id: await _readable(uow, each, cited[each.id]) for each in questions}
        keys = await self.keyring.get_many(tenant_id, [each.id for each in questions])
        needles = await standing_needles(self.ledger, self.keyring, tenant_id)
        judged = [
            _Judged(each, AnswerRequest.opened(keys[each.id], each.sealed_request), readable[each.id])
            for each in questions
            if each.id in keys and readable[each.id]
        ]
        # Whoever is being erased is named to nobody any more.
        return [each for each in judged if not needles.hides(each.request.text)]

    async def _share(self, judged: _Judged) -> float | None:
        question = judged.question
        async with self.ledger.read() as uow:
            seq = await uow.tenants.seq(question.tenant_id)
        request = judged.request.search(question.tenant_id, frozenset(question.readers), seq)
        # Nobody asks: of whoever did once it is no use of theirs.
        found = await self.search.find(replace(request, top_k=_PASSAGES, rerank=False, question_id=question.id))
        return None if found.reasons else precision_at(found, judged.relevant)


def precision_at(found: Found, relevant: Collection[Id], depth: int = DEPTH) -> float:
    """Of the best documents those that were judged right; of one that few are right for, it can find no more."""
    best = list(dict.fromkeys(passage.document_id for passage in found.passages))[:depth]
    return len(set(best).intersection(relevant)) / min(depth, len(set(relevant)))


async def _readable(uow: UnitOfWork, question: Question, document_ids: Sequence[Id]) -> frozenset[Id]:
    """Those that whoever asked could still be shown."""
    documents = await uow.documents.get_many(question.tenant_id, document_ids)
    hidden = await uow.quarantines.hidden(question.tenant_id, document_ids)
    readers = await uow.documents.readers(question.tenant_id, document_ids)
    return frozenset(
        each.id
        for each in documents.values()
        if each.live_version_id is not None
        and not (each.deleted_at or each.fenced_at or each.restricted_at or each.id in hidden)
        and not set(question.readers).isdisjoint(readers.get(each.id, ()))
    )
