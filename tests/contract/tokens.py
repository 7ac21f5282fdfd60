"""What ports.tokens.TokenBus means: every implementation passes these."""

import asyncio
from contextlib import aclosing

import pytest

from lethe.model.ids import Id, new_id
from lethe.ports.tokens import TokenBus, TokenEvent, TokenKind

PATIENCE = 20.0


async def heard(bus: TokenBus, question_id: Id, count: int, after: int = 0) -> list[TokenEvent]:
    """The next ``count`` events."""
    events: list[TokenEvent] = []
    async with asyncio.timeout(PATIENCE), aclosing(bus.follow(question_id, after)) as following:
        async for event in following:
            events.append(event)
            if len(events) == count:
                break
    return events


async def say(bus: TokenBus, question_id: Id, *texts: str) -> None:
    for text in texts:
        await bus.publish(question_id, TokenKind.TOKEN, {"text": text})


def texts(events: list[TokenEvent]) -> list[object]:
    return [event.data["text"] for event in events]


class TokenBusContract:
    """Subclasses give the fixtures ``bus`` and ``another``: the same bus as another process would have it."""

    async def test_events_come_in_order_and_count_from_one(self, bus: TokenBus, another: TokenBus) -> None:
        question_id = new_id()
        await say(bus, question_id, "a", "b")
        await bus.publish(question_id, TokenKind.DONE)
        events = await heard(another, question_id, 3)
        assert [event.id for event in events] == [1, 2, 3]
        assert [event.kind for event in events] == [TokenKind.TOKEN, TokenKind.TOKEN, TokenKind.DONE]
        assert texts(events[:2]) == ["a", "b"]
        assert events[2].data == {}

    async def test_who_is_there_first_hears_what_comes(self, bus: TokenBus, another: TokenBus) -> None:
        question_id = new_id()
        listening = [asyncio.create_task(heard(each, question_id, 3)) for each in (bus, another)]
        await asyncio.sleep(0.05)
        # The last one is half of a letter, as a model may send it.
        await say(bus, question_id, "ж", "\n'\"\u2028", "\ud83d")
        assert [texts(await each) for each in listening] == [["ж", "\n'\"\u2028", "\ud83d"]] * 2

    async def test_following_goes_on_where_it_was_left(self, bus: TokenBus, another: TokenBus) -> None:
        question_id = new_id()
        await say(bus, question_id, "a", "b", "c")
        left = (await heard(bus, question_id, 2))[-1].id
        assert texts(await heard(another, question_id, 1, after=left)) == ["c"]
        later = asyncio.create_task(heard(another, question_id, 1, after=3))
        await asyncio.sleep(0.05)
        await say(bus, question_id, "d")
        assert [event.id for event in await later] == [4]

    async def test_another_speaker_goes_on_with_the_count(self, bus: TokenBus, another: TokenBus) -> None:
        question_id = new_id()
        await say(bus, question_id, "a")
        await say(another, question_id, "b")
        assert [(event.id, event.data["text"]) for event in await heard(bus, question_id, 2)] == [(1, "a"), (2, "b")]

    async def test_questions_do_not_hear_each_other(self, bus: TokenBus, another: TokenBus) -> None:
        first, second = new_id(), new_id()
        await say(bus, first, "a")
        await say(bus, second, "b")
        assert texts(await heard(another, first, 1)) == ["a"]
        assert texts(await heard(another, second, 1)) == ["b"]

    async def test_the_order_holds_under_many_events(self, bus: TokenBus, another: TokenBus) -> None:
        question_id, said = new_id(), [str(number) for number in range(300)]
        listening = asyncio.create_task(heard(another, question_id, 300))
        await say(bus, question_id, *said)
        assert texts(await listening) == said

    @pytest.fixture
    def bus(self) -> TokenBus:
        raise NotImplementedError

    @pytest.fixture
    def another(self, bus: TokenBus) -> TokenBus:
        return bus
