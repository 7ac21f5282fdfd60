"""Limits of a provider, on a clock that only the test moves."""

import asyncio

import pytest

from lethe.adapters import throttle
from lethe.adapters.throttle import Meter, Throttle
from lethe.settings import ProviderSettings


class Clock:
    """``sleep`` moves it, and lets others run."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(throttle.asyncio, "sleep", clock.sleep)
    return clock


async def calls(limited: Throttle, clock: Clock, *amounts: tuple[int, int]) -> list[float]:
    """When each call got its turn, in seconds from the first."""
    started = clock()
    turns: list[float] = []
    for inputs, tokens in amounts:
        async with limited.turn(inputs, tokens):
            turns.append(round(clock() - started, 3))
    return turns


async def test_a_minutes_worth_at_once_then_one_by_one(clock: Clock):
    limited = Throttle(ProviderSettings(requests_per_minute=3), clock)
    assert await calls(limited, clock, *[(1, 1)] * 6) == [0, 0, 0, 20, 40, 60]


async def test_every_limit_holds(clock: Clock):
    limited = Throttle(ProviderSettings(requests_per_minute=60, inputs_per_minute=100, tokens_per_minute=600), clock)
    assert await calls(limited, clock, (50, 100), (50, 100), (10, 100)) == [0, 0, 6]
    clock.seconds += 600
    assert await calls(limited, clock, (1, 600), (1, 60)) == [0, 6]


async def test_more_than_a_minutes_worth_is_let_through_and_paid_for(clock: Clock):
    limited = Throttle(ProviderSettings(tokens_per_minute=100), clock)
    assert await calls(limited, clock, (1, 250), (1, 50)) == [0, 120]


async def test_without_limits_nobody_waits(clock: Clock):
    assert await calls(Throttle(ProviderSettings(), clock), clock, *[(9, 9_999)] * 50) == [0] * 50


async def test_a_pause_holds_back_who_already_waits(clock: Clock):
    limited = Throttle(ProviderSettings(requests_per_minute=60), clock)
    limited.pause(7)
    limited.pause(2)
    assert await calls(limited, clock, (1, 1), (1, 1)) == [7, 7]


async def test_only_so_many_at_once(clock: Clock):
    limited = Throttle(ProviderSettings(in_flight=2), clock)
    inside: list[int] = []
    most = 0

    async def call(number: int) -> None:
        nonlocal most
        async with limited.turn(1, 1):
            inside.append(number)
            most = max(most, len(inside))
            await asyncio.tasks.sleep(0)
            inside.remove(number)

    await asyncio.gather(*(call(number) for number in range(6)))
    assert most == 2


def test_a_meter_that_rested_owes_nothing():
    meter = Meter(60)
    meter.take(60, 0.0)
    assert meter.wait(1, 0.0) == pytest.approx(1.0)
    assert meter.wait(60, 60.0) == 0
