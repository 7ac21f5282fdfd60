"""The second step by a language model: one model's turn at a question.

What a model's failure means is decided here (docs/decisions/0019-generated-answers.md): whether it is asked again,
whether the next one is, and what is said of it. Temporal tries nothing here again but after a worker's death, so that
no answer is paid twice; storing it is tried again here.
"""

import time
from dataclasses import replace
from typing import Final

from lethe.answering.body import AnswerBody
from lethe.answering.chain import Link, attempt
from lethe.answering.citations import numbered
from lethe.answering.deps import Answering
from lethe.answering.generated import Cited, cite
from lethe.answering.screening import screen
from lethe.answering.steps.calling import Heard, Tries, Work
from lethe.answering.steps.finishing import checker_of
from lethe.answering.steps.stored import elapsed_ms, load, merged, passages_of, sealed_trace, store_paid
from lethe.contracts.answering import Drafted, Turn, Turned
from lethe.errors import (
    BreakerOpen,
    LetheError,
    ModelBudget,
    ModelContextOverflow,
    ModelMisconfigured,
    ModelUnavailable,
    ProviderNotAllowed,
)
from lethe.model.answers import (
    WITHOUT_EMBEDDER,
    Answer,
    AnswerMode,
    DegradedReason,
    Provenance,
    Question,
    QuestionState,
)
from lethe.model.processors import Operation
from lethe.ports.chat import REFUSAL
from lethe.ports.tokens import TokenKind
from lethe.telemetry import CITATIONS_REMOVED, LLM_LATENCY, LLM_TOKENS, MODEL_ATTEMPTS, SENTENCES_REMOVED

ANSWERED: Final = "answered"
LOST: Final = "lost"
"""Its worker died; what it took is counted at most it can be."""
_LEAST_TO_STORE: Final = 0.5
"""Seconds for storing after a turn that used up its time: of the margin before Temporal ends it."""


async def generate_by_model(deps: Answering, turn: Turn, *, is_repeated: bool = False) -> Turned:
    """Let a model answer, and store the draft, not final. Says with what came of it whether the next may be asked.

    ``is_repeated``: an earlier attempt's worker died. If that one left a draft, the model is not asked again.
    """
    ref = turn.retrieved.question
    asked = await load(deps, ref, anew=True)
    question = asked.question
    link = deps.chain.link(turn.model) if deps.chain else None
    if deps.chain is None or link is None:
        return Turned(attempts=[attempt(turn.model, ModelMisconfigured.code)], goes_on=True)
    was_asked = is_repeated and await _was_asked(deps, question, link)
    if was_asked:
        if drafted := await _own_draft(deps, turn):
            return Turned(drafted=drafted)
        await deps.tokens.publish(ref.question_id, TokenKind.RESET, {"reason": "repeated"})
    passages = await passages_of(deps, question, turn.retrieved)
    if not passages:
        return Turned()
    readers = frozenset(question.readers)
    passages += await deps.search.around(ref.tenant_id, passages, seq=question.seq, readers=readers)
    screened = screen(passages, deps.chain.guards.passage_score)
    if not screened.shown:
        return Turned(
            attempts=[attempt(turn.model, DegradedReason.PASSAGES_WITHHELD)],
            reasons=[DegradedReason.PASSAGES_WITHHELD],
        )
    work = Work(deps, deps.chain, link, question, asked.key, asked.request.text, turn.retrieved, screened)
    return await _take_turn(work, turn, was_asked=was_asked)


async def _take_turn(work: Work, turn: Turn, *, was_asked: bool) -> Turned:
    started = time.perf_counter()
    tries = Tries(work, turn)
    before = [attempt(turn.model, LOST)] if was_asked else []
    try:
        heard = await tries.made()
    except LetheError as error:
        MODEL_ATTEMPTS.labels(turn.model, error.code).inc()
        return _failed(error, [*before, *tries.failures])
    LLM_LATENCY.labels(turn.model).observe(time.perf_counter() - started)
    outcome = _outcome(heard)
    attempts = [*before, *tries.failures, attempt(turn.model, outcome)]
    MODEL_ATTEMPTS.labels(turn.model, outcome).inc()
    if heard.last.finish_reason == REFUSAL:
        reasons = [DegradedReason.PROVIDER_REFUSED]
        return Turned(attempts=attempts, reasons=reasons, has_spoken=heard.speaker.has_spoken)
    draft = _draft(work, heard, attempts)
    if draft is None:
        reasons = [DegradedReason.ANSWER_CUT if heard.is_cut else DegradedReason.UNGROUNDED]
        return Turned(attempts=attempts, reasons=reasons, has_spoken=heard.speaker.has_spoken)
    timings = {"generate": elapsed_ms(started)}
    timed = replace(draft.provenance, timings_ms=draft.provenance.timings_ms | timings)
    _begin_checking(work, draft, heard)
    left = max(_LEAST_TO_STORE, turn.seconds - (time.perf_counter() - started))
    await store_paid(work.deps, replace(draft, provenance=timed), QuestionState.DRAFTED, seconds=left)
    drafted = Drafted(retrieved=work.retrieved, mode=draft.mode, timings_ms=timings)
    return Turned(drafted=drafted, has_spoken=heard.speaker.has_spoken)


def _begin_checking(work: Work, draft: Answer, heard: Heard) -> None:
    if draft.mode is AnswerMode.GENERATED:
        shown = list(heard.shown.values())
        checker = checker_of(work.deps, work.chain, work.question, work.text, shown)
        begun = checker.begin(AnswerBody.opened(work.key, draft.sealed_body), draft.citations, shown)
        work.deps.under_way.keep_check(work.question.id, begun)


def _failed(error: LetheError, attempts: list[str]) -> Turned:
    """What a failure before the first token means for the chain."""
    if isinstance(error, ProviderNotAllowed):
        return Turned(attempts=attempts, reasons=[DegradedReason.PROVIDER_NOT_ALLOWED], goes_on=True)
    if isinstance(error, ModelUnavailable | ModelContextOverflow | BreakerOpen):
        return Turned(attempts=attempts, reasons=[DegradedReason.PROVIDER_DOWN], goes_on=True)
    if isinstance(error, ModelBudget):
        return Turned(attempts=attempts, reasons=[DegradedReason.PROVIDER_BUDGET])
    if isinstance(error, ModelMisconfigured):
        return Turned(attempts=attempts, reasons=[DegradedReason.PROVIDER_MISCONFIGURED])
    raise error


def _outcome(heard: Heard) -> str:
    if heard.last.finish_reason == REFUSAL:
        return DegradedReason.PROVIDER_REFUSED
    return DegradedReason.ANSWER_CUT if heard.is_cut else ANSWERED


def _draft(work: Work, heard: Heard, attempts: list[str]) -> Answer | None:
    """The answer as far as it has sources; None if that is nothing, though the model did not say that it is nothing."""
    speaker = heard.speaker
    language = work.screened.shown[0].language
    cited = speaker.cleared(cite(speaker.text, speaker.markers, heard.shown, language, is_cut=heard.is_cut))
    _count(heard, cited, work.link.name)
    if not cited.sentences and not speaker.is_no_answer:
        return None
    told = {
        DegradedReason.ANSWER_CUT: heard.is_cut,
        DegradedReason.ANSWER_FILTERED: speaker.removed > 0,
        DegradedReason.PASSAGES_WITHHELD: bool(work.screened.withheld),
    }
    reasons = merged(work.retrieved.reasons, [reason for reason, is_so in told.items() if is_so])
    return Answer(
        tenant_id=work.question.tenant_id,
        question_id=work.question.id,
        mode=AnswerMode.GENERATED if cited.sentences else AnswerMode.NO_ANSWER,
        sealed_body=AnswerBody(sentences=cited.sentences).sealed(work.key),
        citations=numbered(heard.shown[number] for number in cited.sources),
        is_degraded=bool(reasons),
        degraded_reasons=reasons,
        provenance=_provenance(work, heard, cited, attempts),
        is_final=False,
        created_at=work.deps.clock.now(),
        sealed_trace=sealed_trace(work.deps, work.key, work.question.id),
    )


def _provenance(work: Work, heard: Heard, cited: Cited, attempts: list[str]) -> Provenance:
    return Provenance(
        index_build_id=work.retrieved.build_id,
        seq=work.retrieved.seq,
        embedding_spec="" if WITHOUT_EMBEDDER.intersection(work.retrieved.reasons) else work.retrieved.embedding_spec,
        provider=work.link.entry.provider.value,
        model=heard.last.model or work.link.entry.model,
        model_fingerprint=heard.last.fingerprint,
        prompt_version=work.chain.prompt.version,
        tokens_in=heard.last.tokens_in,
        tokens_out=heard.last.tokens_out,
        currency=work.chain.settings.currency,
        timings_ms=work.retrieved.timings_ms,
        routing=work.retrieved.routing,
        attempts=(*work.retrieved.attempts, *attempts),
        is_regenerated=attempt(work.link.name, LOST) in attempts,
        context_tokens=heard.context.tokens,
        tokens_saved=heard.context.tokens_saved,
        citations_removed=heard.speaker.markers.invented,
        sentences_removed=cited.dropped,
    )


def _count(heard: Heard, cited: Cited, model: str) -> None:
    CITATIONS_REMOVED.inc(heard.speaker.markers.invented)
    SENTENCES_REMOVED.inc(cited.dropped)
    LLM_TOKENS.labels(model, "in").inc(heard.last.tokens_in)
    LLM_TOKENS.labels(model, "out").inc(heard.last.tokens_out)


async def _was_asked(deps: Answering, question: Question, link: Link) -> bool:
    """Whether the attempt that is repeated had come as far as a call."""
    async with deps.ledger.read() as uow:
        calls = await uow.processor_calls.about(question.tenant_id, question.id)
    return any(f"{call.provider}:{call.model}" == link.name and call.operation is Operation.GENERATE for call in calls)


async def _own_draft(deps: Answering, turn: Turn) -> Drafted | None:
    """What the attempt whose worker died had stored already."""
    ref = turn.retrieved.question
    async with deps.ledger.read() as uow:
        draft = await uow.questions.answer(ref.tenant_id, ref.question_id)
    if draft is None or not any(each.startswith(f"{turn.model} ") for each in draft.provenance.attempts):
        return None
    return Drafted(retrieved=turn.retrieved, mode=draft.mode, is_judged=True)
