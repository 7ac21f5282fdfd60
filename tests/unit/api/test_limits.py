"""Places for questions, and those that are kept for requests on their way."""

import asyncio

import pytest

from api.limits import InFlight
from lethe.errors import RateLimited


async def test_a_reserved_place_is_the_one_that_is_taken() -> None:
    places = InFlight(1)
    with places.reserved():
        with places.one():
            assert places.running == 1
            with pytest.raises(RateLimited), places.one():
                pass
        assert places.running == 0
    assert places.running == 0


async def test_who_comes_while_a_place_is_reserved_is_refused_at_once() -> None:
    places = InFlight(1)
    with places.reserved(), pytest.raises(RateLimited), places.reserved():
        pass
    assert places.running == 0


async def test_another_kind_of_place_is_not_taken_for_it() -> None:
    places, others = InFlight(1), InFlight(1)
    with places.reserved(), others.one():
        assert (places.running, others.running) == (1, 1)
    assert (places.running, others.running) == (0, 0)


async def test_a_place_is_not_kept_for_a_body_that_does_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.limits.RESERVED_SECONDS", 0.01)
    places = InFlight(1)
    with places.reserved():
        async with asyncio.timeout(20):
            while places.running:
                await asyncio.sleep(0.01)
        with places.one():
            assert places.running == 1
    assert places.running == 0
