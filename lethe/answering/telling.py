"""What the steps of a question say while they work, to whoever follows its stream."""

from collections.abc import Collection, Iterable, Sequence

from lethe.answering.extractive import Quote
from lethe.answering.views import AnswerView, CitationView
from lethe.model.answers import Answer, AnswerMode, Citation
from lethe.model.ids import Id
from lethe.ports.search import Passage
from lethe.ports.tokens import TokenBus, TokenKind


async def tell_sources(tokens: TokenBus, question_id: Id, chunk_ids: Collection[Id]) -> None:
    """Before the first token: what the tokens are made of, so that a withdrawn source silences them."""
    await tokens.publish(question_id, TokenKind.SOURCES, {"chunk_ids": list(chunk_ids)})


async def tell_citation(
    tokens: TokenBus, question_id: Id, citation: Citation | CitationView, *, is_overdue: bool
) -> None:
    """A source of what is being said; ``is_overdue``: as of its passage."""
    await tokens.publish(
        question_id,
        TokenKind.CITATION,
        {
            "number": citation.number,
            "chunk_id": citation.chunk_id,
            "version_id": citation.version_id,
            "document_id": citation.document_id,
            "score": citation.score,
            "is_overdue": is_overdue,
        },
    )


async def tell_extract(
    tokens: TokenBus, draft: Answer, sentences: Sequence[Quote], passages: Sequence[Passage]
) -> None:
    """A drafted extract, a sentence at a time, each after the first mention of its source."""
    overdue = overdue_among(passages)
    said: set[int] = set()
    await tell_sources(tokens, draft.question_id, [cited.chunk_id for cited in draft.citations])
    by_number = {cited.number: cited for cited in draft.citations}
    for position, quote in enumerate(sentences):
        if quote.number not in said:
            said.add(quote.number)
            cited = by_number[quote.number]
            await tell_citation(tokens, draft.question_id, cited, is_overdue=cited.chunk_id in overdue)
        text = f"{' ' if position else ''}{quote.text} [{quote.number}]"
        await tokens.publish(draft.question_id, TokenKind.TOKEN, {"text": text})


def overdue_among(passages: Iterable[Passage]) -> frozenset[Id]:
    """Chunks that may be out of date."""
    return frozenset(passage.chunk_id for passage in passages if passage.is_overdue)


async def tell_view(tokens: TokenBus, view: AnswerView) -> None:
    """An answer that was there before, all at once, as far as its reader may see it."""
    await tell_sources(tokens, view.question_id, [cited.chunk_id for cited in view.citations])
    for cited in view.citations:
        await tell_citation(tokens, view.question_id, cited, is_overdue=cited.is_overdue)
    if view.text:
        await tokens.publish(view.question_id, TokenKind.TOKEN, {"text": view.text})
    mode = AnswerMode.NO_ANSWER if view.mode is None else view.mode
    await tokens.publish(view.question_id, TokenKind.DONE, {"answer_id": view.question_id, "mode": mode.value})


async def tell_done(tokens: TokenBus, answer: Answer) -> None:
    """The final answer is stored."""
    done = {"answer_id": answer.question_id, "mode": answer.mode.value}
    await tokens.publish(answer.question_id, TokenKind.DONE, done)
