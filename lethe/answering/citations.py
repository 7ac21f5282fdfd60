"""Numbering the sources of an answer, and taking withdrawn ones out of it."""

from collections.abc import Collection, Iterable
from dataclasses import replace

from lethe.answering.body import AnswerBody
from lethe.model.answers import Citation
from lethe.model.ids import Id
from lethe.ports.search import Passage


def numbered(cited: Iterable[Passage]) -> tuple[Citation, ...]:
    """Passages numbered from 1."""
    return tuple(
        Citation(
            number=number,
            chunk_id=passage.chunk_id,
            version_id=passage.version_id,
            document_id=passage.document_id,
            text_hmac=passage.text_hmac,
            score=passage.score,
        )
        for number, passage in enumerate(cited, start=1)
    )


def keep_sources(
    body: AnswerBody, citations: Collection[Citation], readable: Collection[Id]
) -> tuple[AnswerBody, tuple[Citation, ...]]:
    """Drop the sentences of which a source is not among the ``readable`` chunks, and number the rest anew from 1."""
    kept = {citation.number: citation for citation in citations if citation.chunk_id in readable}
    left = [sentence for sentence in body.sentences if kept.keys() >= set(sentence.numbers)]
    if body.sentences:
        used = {number for sentence in left for number in sentence.numbers}
        kept = {number: citation for number, citation in kept.items() if number in used}
    new = {number: place for place, number in enumerate(kept, start=1)}
    sentences = tuple(
        sentence.model_copy(
            update={"citation": new[sentence.citation], "others": tuple(new[other] for other in sentence.others)}
        )
        for sentence in left
    )
    return AnswerBody(sentences=sentences), tuple(replace(cited, number=new[number]) for number, cited in kept.items())
