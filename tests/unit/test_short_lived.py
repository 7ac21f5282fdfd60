"""What is kept in memory for a time only."""

import asyncio

from lethe.answering.under_way import UnderWay
from lethe.answering.vectors import QuestionVectors
from lethe.privacy.data_map import MEMORY
from lethe.privacy.short_lived import MEMORY_SECONDS, ShortLived
from lethe.retrieval.ladder import KnownVectors


async def test_entries_go_by_themselves_when_their_time_is_over() -> None:
    held = ShortLived[str, int](10, seconds=0.05)
    for number in range(3):
        held.put(f"key {number}", number)
        await asyncio.sleep(0.01)
    async with asyncio.timeout(60):
        while len(held) > 0:
            await asyncio.sleep(0.01)
    held.put("later", 4)
    async with asyncio.timeout(60):
        while len(held) > 0:
            await asyncio.sleep(0.01)


async def test_no_entry_is_given_past_its_time_and_none_goes_before() -> None:
    time = [0.0]
    held = ShortLived[str, int](10, seconds=60, now=lambda: time[0])
    held.put("old", 1)
    time[0] = 30
    held.put("young", 2)
    assert (held.get("old"), held.get("young")) == (1, 2)
    time[0] = 60
    assert (held.get("old"), held.get("young"), len(held)) == (None, 2, 1)
    held.put("young", 3)
    time[0] = 119
    assert held.get("young") == 3
    held.pop("young")
    held.pop("young")
    assert len(held) == 0


async def test_the_newest_stay() -> None:
    held = ShortLived[int, int](2)
    for number in (1, 2, 1, 3):
        held.put(number, number)
    assert [held.get(number) for number in (1, 2, 3)] == [1, None, 3]


async def test_whatever_holds_words_of_questions_in_memory_is_declared_with_its_time() -> None:
    assert MEMORY.lifetime_seconds == MEMORY_SECONDS
    kept = [each for holder in (UnderWay(), QuestionVectors(), KnownVectors()) for each in vars(holder).values()]
    assert len(kept) == 13
    assert all(isinstance(each, ShortLived) for each in kept)
