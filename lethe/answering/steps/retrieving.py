"""The first step: the passages a question may be answered from."""

from lethe.answering.deps import Answering
from lethe.answering.request import AnswerRequest
from lethe.answering.steps.stored import load
from lethe.contracts.answering import PassageRef, QuestionRef, Retrieved
from lethe.model.traces import Candidate, Trace
from lethe.ports.search import Found, SearchRequest


async def retrieve(deps: Answering, ref: QuestionRef) -> Retrieved:
    """Find the passages the question's caller may read. Changes nothing."""
    question, _, request = await load(deps, ref)
    found = await deps.search.find(
        SearchRequest(
            tenant_id=ref.tenant_id,
            readers=frozenset(question.readers),
            seq=question.seq,
            text=request.text,
            top_k=request.top_k,
            alpha=request.alpha,
            attributes=request.attributes,
            question_id=ref.question_id,
        )
    )
    deps.traces.keep(ref.question_id, found.trace or _plain_trace(request, found))
    return Retrieved(
        question=ref,
        passages=[
            PassageRef(
                chunk_id=passage.chunk_id,
                version_id=passage.version_id,
                document_id=passage.document_id,
                score=passage.score,
            )
            for passage in found.passages
        ],
        reasons=list(found.reasons),
        build_id=found.build_id,
        seq=question.seq,
        timings_ms=found.timings_ms,
    )


def _plain_trace(request: AnswerRequest, found: Found) -> Trace:
    return Trace(
        queries=(request.text,),
        candidates=tuple(
            Candidate(passage.chunk_id, passage.version_id, passage.document_id, passage.score)
            for passage in found.passages
        ),
    )
