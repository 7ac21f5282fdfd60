"""Questions with a liked answer are asked again: what was found then is looked for among the five best."""

from collections.abc import Sequence

import pytest_asyncio

from lethe.adapters.fakes.clock import FakeClock
from lethe.adapters.fakes.embedding import HashEmbedder
from lethe.adapters.fakes.keyring import FakeKeyRing
from lethe.adapters.fakes.tokens import RecordedTokens
from lethe.adapters.fakes.vectors import InMemoryVectorIndex
from lethe.adapters.sql import SqlLedger
from lethe.answering.deps import Answering
from lethe.answering.quality import QualityProbing, precision_at
from lethe.answering.request import AnswerRequest
from lethe.answering.steps import ask, finish, generate, retrieve
from lethe.contracts.answering import QuestionRef
from lethe.contracts.probes import ProbeRef, QualityProbed
from lethe.model.feedback import Feedback, Verdict
from lethe.model.ids import Id, new_id
from lethe.model.principals import Caller, Role
from lethe.model.probes import QualityProbe
from lethe.model.processors import Origin
from lethe.ports.embedding import InputKind, Vectors
from lethe.ports.search import Found, Passage
from lethe.settings import ProbeSettings
from tests.corpus import NOON, Corpus

HEIGHT = "The lighthouse of Varnholm is 31 metres tall."
HOW_TALL = "How tall is the lighthouse of Varnholm?"
NONE = QualityProbed(questions=0, precision=None)


class House:
    """One tenant's documents, questions and verdicts."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self.clock = FakeClock()
        self.caller = Caller(corpus.tenant_id, new_id(), Role.READER)

    async def asked(self, text: str = HOW_TALL, verdict: Verdict = Verdict.UP) -> Id:
        """An answered question that somebody gave a verdict on."""
        corpus = self.corpus
        deps = Answering(corpus.ledger, corpus.keyring, corpus.search(), corpus.embedder, self.clock, RecordedTokens())
        request = AnswerRequest(text=text, top_k=5, alpha=0.5)
        question = await ask(deps, self.caller, request, self.clock.now())
        ref = QuestionRef(tenant_id=question.tenant_id, question_id=question.id)
        await finish(deps, await generate(deps, await retrieve(deps, ref)))
        async with corpus.ledger.write() as uow:
            await uow.feedback.put(Feedback(corpus.tenant_id, question.id, verdict, None, self.clock.now()))
        return question.id

    async def probe(self, **settings: int) -> QualityProbed:
        corpus, probes = self.corpus, ProbeSettings.model_validate(settings)
        probing = QualityProbing(corpus.ledger, corpus.keyring, corpus.search(), self.clock, probes)
        return await probing.probe(ProbeRef(tenant_id=corpus.tenant_id))

    async def least(self, questions: int) -> float | None:
        async with self.corpus.ledger.read() as uow:
            return await uow.probes.least_precision(questions)


class Billed(HashEmbedder):
    """Remembers for whom it embedded."""

    def __init__(self) -> None:
        super().__init__()
        self.origins: list[Origin | None] = []

    async def embed(self, texts: Sequence[str], kind: InputKind, origin: Origin | None = None) -> Vectors:
        self.origins.append(origin)
        return await super().embed(texts, kind, origin)


@pytest_asyncio.fixture
async def house(ledger: SqlLedger) -> House:
    return House(await Corpus.make(ledger, FakeKeyRing(), InMemoryVectorIndex(), HashEmbedder()))


async def test_what_a_liked_answer_cited_is_still_found_or_is_not(house: House) -> None:
    right = await house.corpus.plant(HEIGHT)
    assert (await house.probe(), await house.least(0)) == (NONE, None)
    await house.asked()
    await house.asked("Where is the lighthouse of Varnholm?", Verdict.DOWN)
    assert await house.probe() == QualityProbed(questions=1, precision=1.0)
    await house.corpus.plant_many([[f"{HOW_TALL} {number}"] for number in "abcde"])
    assert await house.probe() == QualityProbed(questions=1, precision=0.0)
    async with house.corpus.ledger.read() as uow:
        kept = await uow.probes.quality(house.corpus.tenant_id)
    assert kept == QualityProbe(house.corpus.tenant_id, house.clock.now(), 1, 0.0)
    assert (await house.least(1), await house.least(2)) == (0.0, None)
    assert await house.probe(judged=0) == NONE

    await house.corpus.change(right, readers=[new_id()])
    assert await house.probe() == NONE, "whoever asked may not read it any more"
    await house.corpus.change(right, readers=[house.corpus.tenant_id], restricted_at=NOON)
    assert await house.probe() == NONE
    await house.corpus.change(right, restricted_at=None, deleted_at=NOON)
    assert await house.probe() == NONE


async def test_the_tenant_that_finds_least_is_told(ledger: SqlLedger) -> None:
    houses = [House(await Corpus.make(ledger, FakeKeyRing(), InMemoryVectorIndex(), HashEmbedder())) for _ in range(2)]
    for place, house in enumerate(houses):
        await house.corpus.plant(HEIGHT)
        await house.asked()
        await house.corpus.plant_many([[f"{HOW_TALL} {number}"] for number in "abcde" if place])
        await house.probe()
    assert await houses[0].least(1) == 0.0


async def test_a_question_that_less_than_all_answered_does_not_count(house: House) -> None:
    await house.corpus.plant(HEIGHT)
    await house.asked()
    embedder = house.corpus.embedder
    assert isinstance(embedder, HashEmbedder)
    embedder.is_down = True
    assert await house.probe() == NONE
    embedder.is_down = False
    assert (await house.probe()).questions == 1


async def test_asking_again_is_no_use_of_whoever_asked(ledger: SqlLedger) -> None:
    embedder = Billed()
    house = House(await Corpus.make(ledger, FakeKeyRing(), InMemoryVectorIndex(), embedder))
    await house.corpus.plant(HEIGHT)
    question_id = await house.asked()
    embedder.origins.clear()
    assert (await house.probe()).questions == 1
    assert set(embedder.origins) == {Origin(house.corpus.tenant_id, frozenset({question_id}), None)}


def test_it_can_find_no_more_than_is_right() -> None:
    found = Found(tuple(passage(document) for document in ("a", "a", "b", "c", "d", "e", "f")), (), None)
    for relevant, share in (({"a"}, 1.0), ({"a", "f"}, 0.5), (set("abcdefgh"), 1.0), (set("fghij"), 0.0)):
        assert precision_at(found, relevant) == share


def passage(document_id: Id) -> Passage:
    return Passage(new_id(), new_id(), document_id, 0, 0.5, "", "", "", "", "en", "", 0, 1)
