"""The second step without a language model: sentences of the passages."""

import asyncio
import time
from collections.abc import Sequence

from lethe.answering.body import AnswerBody, AnswerSentence
from lethe.answering.calibration import REVISION
from lethe.answering.citations import numbered
from lethe.answering.deps import Answering
from lethe.answering.extractive import Extract, extract
from lethe.answering.steps.stored import elapsed_ms, load, merged, passages_of, sealed_trace
from lethe.answering.telling import tell_extract
from lethe.answering.under_way import Asked
from lethe.contracts.answering import Drafted, Retrieved
from lethe.model.answers import WITHOUT_EMBEDDER, Answer, AnswerMode, Provenance, QuestionState
from lethe.model.ids import Id
from lethe.model.processors import Origin
from lethe.ports.search import Passage
from lethe.ports.tokens import TokenKind
from lethe.privacy.processors import EmbedderFor


async def generate(deps: Answering, retrieved: Retrieved) -> Drafted:
    """Draft an extractive answer from the passages. It is not stored: making it again gives the same for nothing."""
    started = time.perf_counter()
    ref = retrieved.question
    asked = await load(deps, ref)
    question, key = asked.question, asked.key
    if question.state is QuestionState.ANSWERED:
        return Drafted(retrieved=retrieved, mode=AnswerMode.EXTRACTIVE)
    passages = deps.under_way.found(question.id) or await passages_of(deps, question, retrieved)
    drawn = await _begun(deps, question.id, passages) or await _drawn(deps, asked, passages)
    found_by = merged(retrieved.reasons, drawn.reasons)
    reasons = merged(found_by, retrieved.fallen)
    timings = {"generate": elapsed_ms(started)}
    draft = Answer(
        tenant_id=ref.tenant_id,
        question_id=ref.question_id,
        mode=drawn.mode,
        sealed_body=_body(drawn).sealed(key),
        citations=numbered(passages[index] for index in drawn.cited),
        is_degraded=bool(reasons),
        degraded_reasons=reasons,
        provenance=Provenance(
            index_build_id=retrieved.build_id,
            seq=retrieved.seq,
            embedding_spec="" if WITHOUT_EMBEDDER.intersection(found_by) else retrieved.embedding_spec,
            provider="lethe",
            model="extractive",
            model_fingerprint=REVISION,
            timings_ms=retrieved.timings_ms | timings,
            routing=retrieved.routing,
            attempts=tuple(retrieved.attempts),
        ),
        is_final=False,
        created_at=deps.clock.now(),
        sealed_trace=sealed_trace(deps, key, ref.question_id),
    )
    is_repeated = deps.under_way.draft(ref.question_id) is not None
    deps.under_way.keep_draft(draft)
    if is_repeated or retrieved.has_spoken:
        reason = "repeated" if is_repeated else "fallback"
        await deps.tokens.publish(ref.question_id, TokenKind.RESET, {"reason": reason})
    await tell_extract(deps.tokens, draft, drawn.sentences, passages)
    return Drafted(retrieved=retrieved, mode=drawn.mode, timings_ms=timings)


async def _begun(deps: Answering, question_id: Id, passages: Sequence[Passage]) -> Extract | None:
    """As it was begun while the question was stored, if that was from these passages and came to something."""
    drawing = deps.under_way.take_extract(question_id)
    if drawing is None:
        return None
    await asyncio.wait({drawing})
    if drawing.cancelled() or drawing.exception() is not None:
        return None
    drawn = drawing.result()
    return drawn.extract if drawn.passages is passages else None


async def _drawn(deps: Answering, asked: Asked, passages: Sequence[Passage]) -> Extract:
    question = asked.question
    vector = deps.under_way.vector(question.id)
    quoted = frozenset({question.id, *(passage.document_id for passage in passages)})
    embedder = EmbedderFor(deps.embedder, Origin(question.tenant_id, quoted, question.principal_id))
    known = None if vector is None else vector.under(deps.embedder.spec.key)
    return await extract(asked.request.text, passages, embedder, deps.embed_seconds, known)


def _body(drawn: Extract) -> AnswerBody:
    return AnswerBody(
        sentences=tuple(
            AnswerSentence(text=quote.text, citation=quote.number, start=quote.start, end=quote.end)
            for quote in drawn.sentences
        )
    )
