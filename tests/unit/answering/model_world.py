"""Questions answered by models that do what they are told, over a real SQLite ledger."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from pydantic import JsonValue

from lethe.adapters.breakers import Guards, LocalKeeper, Policies
from lethe.adapters.fakes.clock import FakeClock
from lethe.adapters.fakes.embedding import HashEmbedder
from lethe.adapters.fakes.keyring import FakeKeyRing
from lethe.adapters.fakes.tokens import RecordedTokens
from lethe.adapters.fakes.vectors import InMemoryVectorIndex
from lethe.adapters.sql import SqlLedger
from lethe.answering.chain import Chain, Link
from lethe.answering.deps import Answering
from lethe.answering.prompts import load_prompt
from lethe.answering.request import AnswerRequest
from lethe.answering.steps import ask, finish, generate, generate_by_model, retrieve
from lethe.answering.views import AnswerView, present
from lethe.contracts.answering import QuestionRef, Retrieved, Turn, Turned
from lethe.errors import (
    LetheError,
    ModelUnavailable,
)
from lethe.model.answers import Question
from lethe.model.ids import Id, new_id
from lethe.model.principals import Caller, Role
from lethe.ports.tokens import TokenKind
from lethe.privacy.processors import ProcessorLedger
from lethe.settings import (
    AnsweringSettings,
    BelowThreshold,
    BreakerSettings,
    ChainEntry,
    GroundingSettings,
    GuardSettings,
    Price,
    Settings,
)
from tests.corpus import Corpus
from tests.unit.answering.models import PlayedModel, Says

HEIGHT = "The lighthouse of Varnholm is 31 metres tall."
KEEPER = "The keeper of the lighthouse of Varnholm is Edda."
HOW_TALL = "How tall is the lighthouse of Varnholm?"
ANSWER = "It is 31 metres tall [1]."
CUT = ModelUnavailable()


@dataclass(slots=True)
class World:
    """One tenant that asks how tall the lighthouse of Varnholm is."""

    corpus: Corpus
    deps: Answering
    caller: Caller
    models: list[PlayedModel] = field(default_factory=list[PlayedModel])

    def chain(
        self,
        *plays: Sequence[Says | LetheError | str],
        below: BelowThreshold = BelowThreshold.FLAG,
        judge: str = "",
        **settings: object,
    ) -> "World":
        """The same world with models m0, m1, ... that play these."""
        prices = tuple(Price(name=f"openai:m{at}", input_micros=0, output_micros=1_000_000) for at in range(len(plays)))
        told = AnsweringSettings.model_validate({"prices": prices, "max_tokens": 100} | settings)
        calls = ProcessorLedger(self.deps.ledger, self.deps.clock, told)
        models = [PlayedModel("openai", f"m{at}", play, calls) for at, play in enumerate(plays)]
        links = tuple(Link(ChainEntry.model_validate(f"openai:{model.model}"), model) for model in models)
        breakers = Guards(LocalKeeper(policies := Policies(BreakerSettings()), self.deps.clock), policies)
        chain = Chain(
            links,
            breakers,
            load_prompt(told.prompt),
            told,
            GroundingSettings(below=below, judge=judge),
            GuardSettings(),
        )
        return World(self.corpus, replace(self.deps, chain=chain), self.caller, models)

    async def ask(self, text: str = HOW_TALL) -> Question:
        request = AnswerRequest(text=text, top_k=5, alpha=0.5)
        return await ask(self.deps, self.caller, request, self.deps.clock.now())

    async def retrieved(self, question: Question) -> Retrieved:
        return await retrieve(self.deps, QuestionRef(tenant_id=question.tenant_id, question_id=question.id))

    async def answered(self, seconds: float = 20.0, text: str = HOW_TALL) -> AnswerView:
        """As the workflow does it."""
        question = await self.ask(text)
        retrieved = await self.retrieved(question)
        return await self.finished(question, retrieved, seconds)

    async def finished(self, question: Question, retrieved: Retrieved, seconds: float = 20.0) -> AnswerView:
        for position, model in enumerate(retrieved.models, start=1):
            turned = await self.turn(retrieved, model, seconds=seconds, is_last=position == len(retrieved.models))
            if turned.drafted is not None:
                await finish(self.deps, turned.drafted)
                return await present(self.deps, self.caller, question.id)
            retrieved = retrieved.after(turned)
            if not turned.goes_on:
                break
        await finish(self.deps, await generate(self.deps, retrieved))
        return await present(self.deps, self.caller, question.id)

    async def turn(
        self, retrieved: Retrieved, model: str, *, seconds: float = 20.0, is_last: bool = True, again: bool = False
    ) -> Turned:
        turn = Turn(retrieved=retrieved, model=model, seconds=seconds, is_last=is_last)
        return await generate_by_model(self.deps, turn, is_repeated=again)

    def said(self, question_id: Id) -> list[tuple[TokenKind, Mapping[str, JsonValue]]]:
        assert isinstance(self.deps.tokens, RecordedTokens)
        return [(event.kind, event.data) for event in self.deps.tokens.said[question_id]]

    async def calls(self, question_id: Id) -> list[tuple[str, str, int]]:
        async with self.deps.ledger.read() as uow:
            rows = await uow.processor_calls.about(self.corpus.tenant_id, question_id)
        return [(row.model, row.status, row.cost_micros) for row in rows]


@asynccontextmanager
async def open_world(sqlite_settings: Settings) -> AsyncGenerator[World, None]:
    ledger = SqlLedger.from_settings(sqlite_settings)
    corpus = await Corpus.make(ledger, FakeKeyRing(), InMemoryVectorIndex(), HashEmbedder())
    await corpus.plant(HEIGHT, title="Lights")
    deps = Answering(ledger, corpus.keyring, corpus.search(), corpus.embedder, FakeClock(), RecordedTokens())
    yield World(corpus, deps, Caller(corpus.tenant_id, new_id(), Role.READER))
    await ledger.close()


def outcomes(view: AnswerView) -> list[str]:
    assert view.provenance is not None
    return list(view.provenance.attempts)
