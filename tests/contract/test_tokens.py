"""The contract of the token bus on every implementation, and what is kept for how long."""

import asyncio

import pytest

from lethe.adapters.fakes.tokens import RecordedTokens
from lethe.adapters.tokens import InProcessTokens
from lethe.model.ids import new_id
from tests.contract.tokens import TokenBusContract, heard, say, texts


class TestInProcessTokens(TokenBusContract):
    @pytest.fixture
    def bus(self) -> InProcessTokens:
        return InProcessTokens()

    async def test_events_are_gone_some_time_after_the_last_one(self) -> None:
        bus, question_id = InProcessTokens(kept_seconds=0.2), new_id()
        await say(bus, question_id, "old")
        assert texts(await heard(bus, question_id, 1)) == ["old"]
        await asyncio.sleep(0.5)
        await say(bus, question_id, "new")
        assert texts(await heard(bus, question_id, 1)) == ["new"]

    async def test_whoever_follows_hears_the_first_while_more_is_said(self) -> None:
        bus, question_id, said = InProcessTokens(), new_id(), list[str]()

        async def first() -> int:
            await heard(bus, question_id, 1)
            return len(said)

        following = asyncio.create_task(first())
        for text in "abcdefghij":
            await say(bus, question_id, text)
            said.append(text)
        assert await following < 5


class TestRecordedTokens(TokenBusContract):
    @pytest.fixture
    def bus(self) -> RecordedTokens:
        return RecordedTokens()
