"""A step that is tried again where it was tried before."""

from dataclasses import replace
from unittest.mock import AsyncMock

import pytest
from temporalio.testing import ActivityEnvironment

from activities.answering import AnsweringActivities, steps
from lethe.adapters.fakes.clock import FakeClock
from lethe.adapters.fakes.embedding import HashEmbedder
from lethe.adapters.fakes.keyring import FakeKeyRing
from lethe.adapters.fakes.tokens import RecordedTokens
from lethe.adapters.fakes.vectors import InMemoryVectorIndex
from lethe.adapters.sql import SqlLedger
from lethe.answering.deps import Answering
from lethe.answering.request import AnswerRequest
from lethe.contracts.answering import QuestionRef
from lethe.errors import LedgerUnavailable
from lethe.model.ids import new_id
from lethe.model.principals import Caller, Role
from lethe.settings import Settings
from tests.corpus import Corpus


async def test_what_was_found_is_answered_from_when_the_answer_could_not_be_stored(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = SqlLedger.from_settings(sqlite_settings)
    corpus = await Corpus.make(ledger, FakeKeyRing(), InMemoryVectorIndex(), HashEmbedder())
    deps = Answering(ledger, corpus.keyring, corpus.search(), corpus.embedder, FakeClock(), RecordedTokens())
    await corpus.plant("The lighthouse of Varnholm is 31 metres tall.")
    request = AnswerRequest(text="How tall is the lighthouse of Varnholm?", top_k=5, alpha=0.5)
    question = await steps.ask(deps, Caller(corpus.tenant_id, new_id(), Role.READER), request, deps.clock.now())
    ref = QuestionRef(tenant_id=question.tenant_id, question_id=question.id)
    activities, environment = AnsweringActivities(deps), ActivityEnvironment()
    with monkeypatch.context() as away:
        away.setattr(steps, "settle", AsyncMock(return_value=None))
        away.setattr(steps, "finish", AsyncMock(side_effect=LedgerUnavailable))
        with pytest.raises(LedgerUnavailable):
            await environment.run(activities.retrieve, ref)
    monkeypatch.setattr(type(deps.search), "find", AsyncMock(side_effect=AssertionError("searched again")))
    environment.info = replace(environment.info, attempt=2)
    retrieved = await environment.run(activities.retrieve, ref)
    assert retrieved.outcome
    assert retrieved.outcome.citations == 1
    await ledger.close()
