import os

import pytest
from pydantic import ValidationError

from lethe.answering.body import AnswerBody, AnswerSentence
from lethe.answering.citations import keep_sources
from lethe.answering.request import AnswerRequest
from lethe.errors import SealBroken
from lethe.model.answers import Citation
from lethe.model.filters import compile_filter
from tests.unit.answering.passages import passage

KEY = os.urandom(32)
BODY = AnswerBody(
    sentences=tuple(
        AnswerSentence(text=text, citation=number, start=0, end=len(text))
        for text, number in [("One.", 1), ("Two.", 2), ("Again one.", 1), ("Three.", 3)]
    )
)
CITATIONS = tuple(Citation(n, f"chunk {n}", "version", "document", "hmac", 1 / n) for n in (1, 2, 3))


def test_a_body_comes_back_from_its_seal_and_only_from_its_own():
    sealed = BODY.sealed(KEY)
    assert AnswerBody.opened(KEY, sealed) == BODY
    assert b"One." not in sealed
    with pytest.raises(SealBroken):
        AnswerBody.opened(os.urandom(32), sealed)
    with pytest.raises(SealBroken):
        AnswerRequest.opened(KEY, sealed)


def test_a_request_comes_back_from_its_seal():
    filters = {"a": {"$in": [1, 2]}, "$or": [{"b": {"$ne": 3}}, {"day": {"$gt": "2026-01-31"}}]}
    request = AnswerRequest(text="Wie alt?", top_k=5, alpha=0.5, attributes=compile_filter(filters))
    assert AnswerRequest.opened(KEY, request.sealed(KEY)) == request


def test_a_sentence_cannot_be_stored_without_a_citation():
    with pytest.raises(ValidationError):
        AnswerSentence.model_validate({"text": "One.", "start": 0, "end": 4})
    with pytest.raises(ValidationError):
        AnswerSentence(text="One.", citation=0, start=0, end=4)


def test_the_text_carries_a_marker_behind_each_sentence():
    assert BODY.text == "One. [1] Two. [2] Again one. [1] Three. [3]"
    assert AnswerBody().text == ""


def test_nothing_withdrawn_changes_nothing():
    assert keep_sources(BODY, CITATIONS, {"chunk 1", "chunk 2", "chunk 3"}) == (BODY, CITATIONS)


def test_a_withdrawn_source_takes_its_sentences_along_and_the_rest_is_numbered_anew():
    body, citations = keep_sources(BODY, CITATIONS, {"chunk 2", "chunk 3"})
    assert body.text == "Two. [1] Three. [2]"
    assert [(cited.number, cited.chunk_id) for cited in citations] == [(1, "chunk 2"), (2, "chunk 3")]


def test_with_all_sources_withdrawn_nothing_is_left():
    assert keep_sources(BODY, CITATIONS, set()) == (AnswerBody(), ())


def test_a_place_is_said_as_a_person_would():
    assert passage("Text.", title="Rivers > Greek").place == "Rivers > Greek"
    assert passage("Text.").place == "characters 0-5"
