"""Taking withdrawn sources out of an answer."""

from collections.abc import Collection
from dataclasses import replace

from lethe.answering.body import AnswerBody
from lethe.model.answers import Citation
from lethe.model.ids import Id


def keep_sources(
    body: AnswerBody, citations: Collection[Citation], readable: Collection[Id]
) -> tuple[AnswerBody, tuple[Citation, ...]]:
    """Drop the sentences whose source is not among the ``readable`` chunks, and number the rest anew from 1."""
    kept = [citation for citation in citations if citation.chunk_id in readable]
    numbers = {citation.number: number for number, citation in enumerate(kept, start=1)}
    sentences = tuple(
        sentence.model_copy(update={"citation": numbers[sentence.citation]})
        for sentence in body.sentences
        if sentence.citation in numbers
    )
    return AnswerBody(sentences=sentences), tuple(replace(cited, number=numbers[cited.number]) for cited in kept)
