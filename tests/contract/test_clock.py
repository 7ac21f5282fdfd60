"""The Clock port: what a caller may take for granted of the real one and of the one that stands still."""

from datetime import UTC, timedelta

import pytest

from lethe.adapters.clock import SystemClock
from lethe.adapters.fakes.clock import FakeClock
from lethe.ports.clock import Clock


@pytest.mark.parametrize("clock", [SystemClock(), FakeClock()], ids=["system", "fake"])
def test_the_time_is_aware_in_utc_and_does_not_run_back(clock: Clock) -> None:
    times = [clock.now() for _ in range(100)]
    assert all(time.tzinfo is UTC for time in times)
    assert times == sorted(times)
    assert times[-1] - times[0] < timedelta(seconds=10)
