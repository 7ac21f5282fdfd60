"""Storing a question, unless it names somebody who is being erased."""

from collections.abc import Sequence
from datetime import datetime

from lethe.answering.deps import Answering
from lethe.answering.request import AnswerRequest
from lethe.answering.under_way import Asked, CachePlace
from lethe.model.answers import Question, QuestionState
from lethe.model.erasures import ErasureIdentifier
from lethe.model.ids import Id, new_id
from lethe.model.principals import Caller
from lethe.privacy.erasure.needles import open_needles, texts_of


class NotKeptError(Exception):
    """The question names somebody who is being erased: kept, it would be of them, and be erased in turn."""


async def ask(
    deps: Answering,
    caller: Caller,
    request: AnswerRequest,
    now: datetime,
    question_id: Id | None = None,
    place: CachePlace | None = None,
) -> Question:
    """Store a guarded question of the caller: its data key, its row, and the seq it will read.

    ``place``: where its answer would be kept, if that was looked up. Raises NotKeptError.
    """
    question_id = question_id or new_id()
    key = await deps.keyring.create(caller.tenant_id, question_id)
    sealed = request.sealed(key)
    async with deps.ledger.write() as uow:
        question = Question(
            tenant_id=caller.tenant_id,
            id=question_id,
            principal_id=caller.principal_id,
            readers=tuple(sorted(caller.readers)),
            sealed_request=sealed,
            state=QuestionState.ASKED,
            seq=await uow.tenants.seq(caller.tenant_id),
            created_at=now,
        )
        fenced = await uow.erasures.fenced_identifiers(caller.tenant_id)
        if not fenced:
            await uow.questions.add(question)
    if fenced:
        await _add_unless_named(deps, question, request, fenced)
    deps.under_way.keep_asked(Asked(question, key, request, place))
    return question


async def _add_unless_named(
    deps: Answering, question: Question, request: AnswerRequest, fenced: Sequence[ErasureIdentifier]
) -> None:
    needles = await open_needles(deps.keyring, question.tenant_id, fenced)
    if needles.hides(*texts_of(request.model_dump(mode="json"))):
        raise NotKeptError
    async with deps.ledger.write() as uow:
        await uow.questions.add(question)
