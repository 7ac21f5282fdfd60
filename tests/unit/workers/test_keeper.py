"""The keeper gives unanswered questions their end, and goes on whatever fails."""

import asyncio
import logging
from datetime import datetime

import pytest

from lethe.adapters.fakes.clock import FakeClock
from lethe.adapters.fakes.keywords import InMemoryKeywordIndex
from lethe.adapters.sql import SqlLedger
from lethe.indexing.keyword_builds import KeywordBuilds
from lethe.model.answers import QuestionState
from lethe.settings import Settings
from tests.contract.ledger_rows import NOON, add_tenant, at, question
from workers import keeper
from workers.keeper import Keeper


async def test_what_fails_is_told_by_name_and_the_rest_is_looked_at(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ledger, looked = SqlLedger.from_settings(sqlite_settings), asyncio.Event()
    await add_tenant(ledger)

    async def fails(_: KeywordBuilds, _now: datetime) -> None:
        raise RuntimeError("the patient's name is Ada")

    async def close(_: Keeper, now: datetime) -> None:
        assert now == NOON
        looked.set()

    monkeypatch.setattr(KeywordBuilds, "look_after", fails)
    monkeypatch.setattr(Keeper, "close_questions", close)
    monkeypatch.setattr(keeper, "PAUSE_SECONDS", 0.01)
    one = Keeper(ledger, KeywordBuilds(ledger, InMemoryKeywordIndex()), FakeClock(NOON), 30)
    with caplog.at_level(logging.INFO, "lethe.keeper"):
        running = asyncio.create_task(one.run())
        async with asyncio.timeout(60):
            await looked.wait()
    running.cancel()
    assert {record.__dict__["code"] for record in caplog.records} == {"RuntimeError"}
    assert "Ada" not in caplog.text
    await ledger.close()


async def test_a_question_that_nobody_will_answer_has_failed(sqlite_settings: Settings) -> None:
    ledger = SqlLedger.from_settings(sqlite_settings)
    tenant = await add_tenant(ledger)
    drafted, answered, fresh = (question(tenant, state=state, created_at=at(minute)) for state, minute in (
        (QuestionState.DRAFTED, 0), (QuestionState.ANSWERED, 0), (QuestionState.ASKED, 1)))  # fmt: skip
    async with ledger.write() as unit:
        for each in (drafted, answered, fresh):
            await unit.questions.add(each)
    one = Keeper(ledger, KeywordBuilds(ledger, InMemoryKeywordIndex()), FakeClock(), question_seconds=30)

    async def states() -> list[QuestionState]:
        async with ledger.read() as unit:
            found = [await unit.questions.get(tenant, each.id) for each in (drafted, answered, fresh)]
        return [each.state for each in found if each is not None]

    await one.close_questions(at(1.9))
    assert await states() == [QuestionState.DRAFTED, QuestionState.ANSWERED, QuestionState.ASKED]
    await one.close_questions(at(2.1))
    assert await states() == [QuestionState.FAILED, QuestionState.ANSWERED, QuestionState.ASKED]
    await ledger.close()
