"""A question's time, from its request to its answer or its passages."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from lethe.errors import WorkflowsUnavailable
from lethe.settings import LimitSettings, Settings
from tests.unit.api.streams import STREAM
from tests.unit.api.test_questions import ASK, passage
from tests.unit.api.world import World, open_world


async def hang(*_: object) -> None:
    await asyncio.sleep(60)


@pytest_asyncio.fixture
async def hurried(api_settings: Settings) -> AsyncGenerator[World]:
    limits = api_settings.limits.model_copy(update={"question_seconds": 0.5})
    async with open_world(api_settings.model_copy(update={"limits": limits})) as world:
        yield world


@pytest.fixture
def slow(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """An answer is not waited for long; for its passages there is time."""
    monkeypatch.setattr(LimitSettings, "answer_seconds", 1.0)
    world.search.passages = [passage("Lethe is a river.")]
    return world


async def test_what_has_no_answer_in_time_has_its_passages(slow: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(slow.workflows), "answer", hang)
    answer = (await slow.post("/v1/query", json=ASK)).json()
    assert (answer["answer_mode"], answer["degraded_reasons"]) == ("passages", ["deadline_passed"])
    assert answer["id"]
    assert len(answer["citations"]) == 1


async def test_storing_the_question_counts(slow: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(slow.services.keyring), "create", hang)
    answer = (await slow.post("/v1/query", json=ASK)).json()
    assert (answer["id"], answer["degraded_reasons"]) == (None, ["deadline_passed"])
    assert len(answer["citations"]) == 1


@pytest.mark.parametrize("headers", [{}, STREAM])
async def test_passages_that_take_too_long_are_not_waited_for(
    hurried: World, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    hurried.workflows.fails_with = WorkflowsUnavailable()
    monkeypatch.setattr(type(hurried.search), "find", hang)
    async with asyncio.timeout(30):
        response = await hurried.post("/v1/query", headers=headers, json=ASK)
    assert (response.status_code, response.json()["code"]) == (504, "deadline_exceeded")


def test_what_is_kept_for_the_passages() -> None:
    assert [LimitSettings(question_seconds=each).answer_seconds for each in (30, 10, 90)] == [27, 8, 87]
