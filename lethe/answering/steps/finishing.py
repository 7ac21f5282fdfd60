"""The last step: what may still be read of the draft, and is grounded, is the answer."""

import asyncio
import logging
import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from lethe.answering.body import AnswerBody
from lethe.answering.caching.exact import keeping
from lethe.answering.chain import Chain
from lethe.answering.checking import Begun, Checker
from lethe.answering.citations import keep_sources, numbered
from lethe.answering.deps import Answering
from lethe.answering.grounding import Verdict
from lethe.answering.steps.stored import elapsed_ms, load, merged, outcome, passages_of, store_paid
from lethe.answering.telling import tell_done
from lethe.contracts.answering import AnswerOutcome, Drafted, Turned
from lethe.errors import LetheError, QuestionNotFound
from lethe.model.answers import Answer, AnswerMode, DegradedReason, Question, QuestionState
from lethe.model.processors import Origin
from lethe.ports.search import Passage
from lethe.privacy.erasure.needles import Needles, open_needles
from lethe.privacy.processors import EmbedderFor

_TO_STORE: Final = 1.0
"""Seconds of the question's time that checking leaves for storing the answer."""
_STORING_MOST: Final = 2.0
"""Seconds; the last ones are of the reserve that the answer without a model left."""

_log: Final = logging.getLogger("lethe.answering")


async def finish_at_once(deps: Answering, turned: Turned, seconds: float) -> Turned:
    """`finish` in the turn that made the draft, if ``seconds`` suffice: a step of its own is a turn of the workflow.

    The draft is stored, for it was paid; so whatever fails here is left to that step.
    """
    if turned.drafted is None or turned.drafted.is_judged or seconds < _least(deps):
        return turned
    try:
        async with asyncio.timeout(seconds):
            return turned.model_copy(update={"outcome": await finish(deps, turned.drafted, is_stored=True)})
    except Exception as error:  # noqa: BLE001  (the step after it finds out what it was, or succeeds)
        code = error.code if isinstance(error, LetheError) else LetheError.code
        _log.warning("not finished at once", extra={"ref": turned.drafted.retrieved.question.question_id, "code": code})
    return turned.model_copy(update={"drafted": turned.drafted.model_copy(update={"is_judged": True})})


def _least(deps: Answering) -> float:
    """Seconds that finishing may take."""
    grounding = deps.chain.grounding if deps.chain is not None else None
    return _TO_STORE + (grounding.judge_seconds if grounding is not None and grounding.judge else 0.0)


async def finish(
    deps: Answering, drafted: Drafted, *, is_stored: bool = False, is_repeated: bool = False
) -> AnswerOutcome:
    """Gate the draft's sources again, drop what was withdrawn meanwhile, and store the final answer.

    ``is_stored``: the draft was paid, so it is the ledger's; else an extract may be this process's alone.
    ``is_repeated``: an earlier attempt failed. It may have paid a judge, so only the rules judge now.
    """
    is_repeated = is_repeated or drafted.is_judged
    started = time.perf_counter()
    ref = drafted.retrieved.question
    asked = await load(deps, ref)
    question, key = asked.question, asked.key
    async with deps.ledger.read() as uow:
        known = None if is_stored else deps.under_way.draft(ref.question_id)
        draft = known or await uow.questions.answer(ref.tenant_id, ref.question_id)
        if draft is None:
            raise QuestionNotFound
        scores = {cited.chunk_id: cited.score for cited in draft.citations}
        readers = frozenset(question.readers)
        looked = await deps.search.look_again(uow, ref.tenant_id, scores, seq=question.seq, readers=readers)
    if draft.is_final:
        await tell_done(deps.tokens, draft)
        return outcome(draft)
    passages = await deps.search.opened(looked)
    needles = await open_needles(deps.keyring, ref.tenant_id, looked.fenced)
    answer = _without_withdrawn(draft, AnswerBody.opened(key, draft.sealed_body), passages, key, needles)
    if deps.chain is not None and answer.mode is AnswerMode.GENERATED:
        checker = checker_of(deps, deps.chain, question, asked.request.text, passages)
        checker = replace(checker, seconds=0.0) if is_repeated else checker
        answer, verdict = await _judged(checker, answer, key, passages, deps.under_way.check(question.id))
        if verdict is Verdict.PASSAGES:
            found = numbered(await passages_of(deps, question, drafted.retrieved))
            nothing = AnswerBody().sealed(key)
            answer = replace(answer, mode=AnswerMode.PASSAGES, sealed_body=nothing, citations=found)
    timings = answer.provenance.timings_ms | {"finish": elapsed_ms(started)}
    answer = replace(
        answer,
        provenance=replace(answer.provenance, timings_ms=timings),
        is_final=True,
        created_at=deps.clock.now(),
    )
    kept = await keeping(deps, asked, answer, drafted.retrieved)
    before = await store_paid(deps, answer, QuestionState.ANSWERED, kept, seconds=_STORING_MOST)
    if before is QuestionState.ANSWERED:
        answer = await _first_stored(deps, answer)
    deps.under_way.forget(ref.question_id)
    await tell_done(deps.tokens, answer)
    return outcome(answer)


async def _first_stored(deps: Answering, answer: Answer) -> Answer:
    """What another attempt stored meanwhile: that is the answer."""
    async with deps.ledger.read() as uow:
        stored = await uow.questions.answer(answer.tenant_id, answer.question_id)
    if stored is None:
        raise QuestionNotFound
    return stored


def _without_withdrawn(
    draft: Answer, body: AnswerBody, passages: list[Passage], key: bytes, needles: Needles
) -> Answer:
    kept, citations = keep_sources(body.without(needles), draft.citations, {passage.chunk_id for passage in passages})
    is_whole = len(kept.sentences) == len(body.sentences) and len(passages) == len(draft.citations)
    reasons = merged(draft.degraded_reasons, [] if is_whole else [DegradedReason.SOURCE_WITHDRAWN])
    return replace(
        draft,
        mode=draft.mode if citations else AnswerMode.NO_ANSWER,
        sealed_body=kept.sealed(key),
        citations=citations,
        is_degraded=bool(reasons),
        degraded_reasons=reasons,
    )


async def _judged(
    checker: Checker, answer: Answer, key: bytes, passages: list[Passage], begun: Begun | None
) -> tuple[Answer, Verdict]:
    """A model's answer, flagged where the passages it cites do not say it."""
    body = AnswerBody.opened(key, answer.sealed_body)
    found = await checker.check(body, answer.citations, passages, begun)
    provenance = replace(
        answer.provenance,
        groundedness=round(found.groundedness.score, 3),
        judge=found.judge,
        judge_prompt=found.judge_prompt,
    )
    reasons = merged(answer.degraded_reasons, [] if found.verdict is Verdict.ACCEPT else [DegradedReason.UNGROUNDED])
    answer = replace(answer, provenance=provenance, is_degraded=bool(reasons), degraded_reasons=reasons)
    return answer, found.verdict


def checker_of(deps: Answering, chain: Chain, question: Question, asked: str, passages: Iterable[Passage]) -> Checker:
    """Of an answer from these passages, with what is left of the question's time."""
    refs = frozenset({question.id, *(passage.document_id for passage in passages)})
    origin = Origin(question.tenant_id, refs, question.principal_id)
    left = chain.seconds - (deps.clock.now() - question.created_at).total_seconds() - _TO_STORE
    return Checker(chain, EmbedderFor(deps.embedder, origin), origin, asked, left)
