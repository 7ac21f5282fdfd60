"""Which sentences answer; with the free embedder words alone decide, as they do when the model is down."""

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest

from lethe.adapters.fakes.embedding import HashEmbedder, WhitespaceTokenizer
from lethe.answering.calibration import BY_MODEL, MAX_CANDIDATES, MAX_SENTENCES
from lethe.answering.extractive import Extract, extract
from lethe.errors import EmbedderUnavailable
from lethe.model.answers import AnswerMode, DegradedReason
from lethe.model.indexes import EmbeddingSpec
from lethe.model.processors import Origin
from lethe.ports.embedding import InputKind, Vectors
from lethe.ports.search import Passage
from tests.unit.answering.passages import passage

HERON = passage(
    "Heron 3\n\nThe Heron 3 is a moored buoy for lakes. Its battery lasts 22 months with a reading every 15 minutes. "
    "The hull is made of polyethylene.",
    title="Heron 3",
)
GREBE = passage("The Grebe drifts for nine weeks on one battery charge. It is sold in boxes of five.", title="Grebe")
OPEN = "How far does the Grebe drift on a battery charge in winter?"
"""Words of GREBE, but not enough of them to be sure."""


async def by_words(question: str, *passages: Passage) -> Extract:
    return await extract(question, passages, HashEmbedder())


class MeasuredModel:
    """Has the name of a model with a calibration; every sentence is equally near to the question."""

    def __init__(self, similarity: float = 0.9, *, is_down: bool = False) -> None:
        self.similarity = similarity
        self.is_down = is_down
        self.embedded: list[str] = []

    @property
    def spec(self) -> EmbeddingSpec:
        return EmbeddingSpec(next(iter(BY_MODEL)), "1", 2, "none")

    @property
    def tokenizer(self) -> WhitespaceTokenizer:
        return WhitespaceTokenizer()

    async def warm_up(self) -> None:
        """Nothing to load."""

    async def embed(self, texts: Sequence[str], kind: InputKind, origin: Origin | None = None) -> Vectors:
        if self.is_down:
            raise EmbedderUnavailable
        if kind is InputKind.QUERY:
            return np.array([[1.0, 0.0]] * len(texts), np.float32)
        self.embedded.extend(texts)
        other = float(np.sqrt(1 - self.similarity**2))
        return np.array([[self.similarity, other]] * len(texts), np.float32)


async def test_the_sentence_that_answers_is_quoted_with_its_place():
    answer = await by_words("How long does the battery of the Heron 3 last?", GREBE, HERON)
    assert answer.mode is AnswerMode.EXTRACTIVE
    best = answer.sentences[0]
    assert best.text == "Its battery lasts 22 months with a reading every 15 minutes."
    assert HERON.text[best.start : best.end] == best.text
    assert (best.passage, best.number, answer.cited[0]) == (1, 1, 1)
    assert answer.text.startswith(f"{best.text} [1]")


async def test_every_sentence_is_cited_and_every_citation_is_used():
    answer = await by_words("How long does one battery charge last, and in boxes of how many is the Grebe sold?", GREBE)
    assert len(answer.sentences) <= MAX_SENTENCES
    assert {quote.number for quote in answer.sentences} == set(range(1, len(answer.cited) + 1))
    assert all(answer.cited[quote.number - 1] == quote.passage for quote in answer.sentences)


@pytest.mark.parametrize(
    "question",
    [
        "How long does the battery of the Heron 4 last?",
        "How long does the battery of the X-900 last?",
        "How long did the battery last in 2019?",
        "Which football club does the company sponsor?",
        "What is the salary of the managing director?",
    ],
)
async def test_what_the_passages_do_not_say_is_not_answered(question: str):
    answer = await extract(question, [HERON, GREBE], MeasuredModel(0.5))
    assert (answer.mode, answer.sentences, answer.cited, answer.text) == (AnswerMode.NO_ANSWER, (), (), "")


async def test_no_passages_no_answer():
    assert (await by_words("How tall is it?")).mode is AnswerMode.NO_ANSWER


async def test_a_number_in_the_file_name_counts():
    row = "article: H3-BASE; description: Heron 3 moored buoy without sensors; price_eur: 12350.00"
    question = "What is the price of a Heron 3 buoy without sensors in 2026?"
    assert (await by_words(question, passage(row, uri="file:///price-list-2025.csv"))).mode is AnswerMode.NO_ANSWER
    answer = await by_words(question, passage(row, uri="file:///price-list-2026.csv"))
    assert [quote.text for quote in answer.sentences] == [row]


async def test_an_identifier_matches_however_it_is_written():
    text = passage("The X-900 weighs 12 kilograms.")
    assert (await by_words("How many kilograms weighs the x900?", text)).mode is AnswerMode.EXTRACTIVE


async def test_a_question_or_a_heading_in_a_document_is_no_answer_but_leads_to_one():
    text = passage("Delivery of sensors\n\nHow long does delivery take? Within 5 working days.", title="Delivery")
    answer = await by_words("How long does delivery take?", text)
    assert [quote.text for quote in answer.sentences] == ["Within 5 working days."]


async def test_the_same_question_has_the_same_answer():
    passages = [HERON, GREBE, passage(GREBE.text, title="Grebe")]
    answers = [await by_words("How long does the Grebe drift on one battery charge?", *passages) for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert answers[0].sentences[0].passage == 1


async def test_a_sentence_two_passages_have_is_said_once():
    question = "How long does the Grebe drift on one battery charge?"
    answer = await by_words(question, GREBE, passage(GREBE.text.replace(" ", "  "), title="Grebe"))
    assert len({" ".join(quote.text.split()) for quote in answer.sentences}) == len(answer.sentences)


async def test_german_words_are_compared_as_german_words():
    text = passage("Im Batterielager dürfen höchstens 60 Packs stehen.", language="de")
    answer = await by_words("Wie viele Packs dürfen höchstens im Batterielager stehen?", text)
    assert answer.mode is AnswerMode.EXTRACTIVE


async def test_without_the_model_words_alone_decide_and_it_is_told():
    question = OPEN
    down = await extract(question, [GREBE], MeasuredModel(is_down=True))
    assert down.mode is AnswerMode.EXTRACTIVE
    assert down.reasons == (DegradedReason.EMBEDDER_DOWN,)
    assert (await by_words(question, GREBE)).reasons == ()


async def test_an_embedder_that_hangs_is_an_embedder_that_is_down(monkeypatch: pytest.MonkeyPatch):
    model = MeasuredModel()

    async def hang(*_: object) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(model, "embed", hang)
    answer = await extract(OPEN, [GREBE], model, embed_seconds=0.01)
    assert (answer.mode, answer.reasons) == (AnswerMode.EXTRACTIVE, (DegradedReason.EMBEDDER_DOWN,))


@pytest.mark.parametrize(
    ("question", "mode"),
    [
        ("How long does the Grebe drift on one battery charge?", AnswerMode.EXTRACTIVE),
        ("How long does the Grebe 7 drift on one battery charge?", AnswerMode.NO_ANSWER),
        ("Who paints lighthouses in Portugal?", AnswerMode.NO_ANSWER),
    ],
    ids=["all its words in one sentence", "a number met nowhere", "none of its words"],
)
async def test_where_words_settle_it_the_model_is_not_asked(question: str, mode: AnswerMode):
    model = MeasuredModel()
    answer = await extract(question, [GREBE], model)
    assert (answer.mode, answer.reasons, model.embedded) == (mode, (), [])


async def test_where_words_leave_it_open_the_model_decides():
    near, far = MeasuredModel(0.9), MeasuredModel(0.0)
    assert (await extract(OPEN, [GREBE], near)).mode is AnswerMode.EXTRACTIVE
    assert (await extract(OPEN, [GREBE], far)).mode is AnswerMode.NO_ANSWER
    assert near.embedded == far.embedded == ["The Grebe drifts for nine weeks on one battery charge."]


async def test_a_sentence_two_passages_have_is_compared_once():
    model = MeasuredModel()
    await extract(OPEN, [GREBE, GREBE], model)
    assert model.embedded == ["The Grebe drifts for nine weeks on one battery charge."]


async def test_a_bounded_number_of_bounded_sentences_is_embedded():
    model = MeasuredModel()
    long = passage(" ".join(["battery"] * 2_000) + ". " + " ".join(f"Battery {n} lasts." for n in range(50)))
    await extract("How long does the battery last?", [long, GREBE, HERON], model)
    assert 0 < len(model.embedded) <= MAX_CANDIDATES
    assert max(len(text.split()) for text in model.embedded) <= model.tokenizer.max_tokens
