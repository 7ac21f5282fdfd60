"""The last step of an extract, where nothing that may be read has changed since its question was asked."""

import time
from dataclasses import replace

from lethe.answering.caching.exact import keeping
from lethe.answering.deps import Answering
from lethe.answering.steps.stored import elapsed_ms, outcome, store_unmoved
from lethe.answering.telling import tell_done
from lethe.answering.under_way import Settled
from lethe.contracts.answering import AnswerOutcome, Drafted
from lethe.errors import LedgerUnavailable


async def settle(deps: Answering, drafted: Drafted) -> AnswerOutcome | None:
    """Store the extract that this process drafted, while the tenant's clock stands where the question read it.

    What passed the gate since then passes it now. None where the clock has moved, or something else is in the way: it
    is left to `finish`, which gates the sources again.
    """
    started = time.perf_counter()
    question_id = drafted.retrieved.question.question_id
    asked, draft = deps.under_way.asked(question_id), deps.under_way.draft(question_id)
    passages = deps.under_way.found(question_id)
    if asked is None or draft is None or passages is None:
        return None
    timings = draft.provenance.timings_ms | {"finish": elapsed_ms(started)}
    answer = replace(
        draft,
        provenance=replace(draft.provenance, timings_ms=timings),
        is_final=True,
        created_at=deps.clock.now(),
    )
    kept = await keeping(deps, asked, answer, drafted.retrieved)
    try:
        stored = await store_unmoved(deps, answer, asked.question.seq, kept)
    except LedgerUnavailable:
        return None
    if stored is None:
        return None
    deps.under_way.forget(question_id)
    deps.under_way.keep_settled(Settled(asked, stored, passages))
    await tell_done(deps.tokens, stored)
    return outcome(stored)
