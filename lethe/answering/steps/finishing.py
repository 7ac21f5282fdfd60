"""The last step: what may still be read of the draft is the answer."""

import time
from dataclasses import replace

from lethe.answering.body import AnswerBody
from lethe.answering.cache import keeping
from lethe.answering.citations import keep_sources
from lethe.answering.deps import Answering
from lethe.answering.steps.stored import elapsed_ms, load, merged, outcome, store
from lethe.answering.telling import tell_done
from lethe.contracts.answering import AnswerOutcome, Drafted
from lethe.errors import QuestionNotFound
from lethe.model.answers import AnswerMode, DegradedReason, QuestionState


async def finish(deps: Answering, drafted: Drafted) -> AnswerOutcome:
    """Gate the draft's sources again, drop what was withdrawn meanwhile, and store the final answer."""
    started = time.perf_counter()
    ref = drafted.retrieved.question
    question, key, request = await load(deps, ref)
    async with deps.ledger.read() as uow:
        draft = await uow.questions.answer(ref.tenant_id, ref.question_id)
    if draft is None:
        raise QuestionNotFound
    if draft.is_final:
        await tell_done(deps.tokens, draft)
        return outcome(draft)
    body = AnswerBody.opened(key, draft.sealed_body)
    scores = {cited.chunk_id: cited.score for cited in draft.citations}
    passages = await deps.search.reopen(ref.tenant_id, scores, seq=question.seq, readers=frozenset(question.readers))
    body, citations = keep_sources(body, draft.citations, {passage.chunk_id for passage in passages})
    withdrawn = [DegradedReason.SOURCE_WITHDRAWN] if len(citations) < len(draft.citations) else []
    reasons = merged(draft.degraded_reasons, withdrawn)
    timings = draft.provenance.timings_ms | {"finish": elapsed_ms(started)}
    answer = replace(
        draft,
        mode=draft.mode if citations else AnswerMode.NO_ANSWER,
        sealed_body=body.sealed(key),
        citations=citations,
        is_degraded=bool(reasons),
        degraded_reasons=reasons,
        provenance=replace(draft.provenance, timings_ms=timings),
        is_final=True,
        created_at=deps.clock.now(),
    )
    kept = await keeping(deps, question, request, answer, drafted.retrieved)
    await store(deps, answer, QuestionState.ANSWERED, kept)
    deps.traces.forget(ref.question_id)
    await tell_done(deps.tokens, answer)
    return outcome(answer)
