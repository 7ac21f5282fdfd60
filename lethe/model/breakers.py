"""A circuit breaker as a pure state machine: time and outcomes come in, the next state goes out.

Closed lets every call through and counts; open lets none through; half-open lets one through, whose outcome decides.
An ``epoch`` counts the transitions: what a call of an earlier epoch brings back changes nothing.
"""

from dataclasses import dataclass, replace
from enum import StrEnum


class Phase(StrEnum):
    CLOSED = "closed"
    HALF_OPEN = "half_open"
    OPEN = "open"


class Outcome(StrEnum):
    """What a call says of whom it called."""

    ANSWERED = "answered"
    """An answer came, be it a refusal."""
    FAILED = "failed"
    UNKNOWN = "unknown"
    """The call did not take place, or was broken off by its caller."""


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """When it opens, and for how long. Times in seconds.

    ``failures`` in a row, or a share of at least ``ratio`` of at least ``ratio_calls`` within a window. The first
    opening lasts ``open_seconds``, each that follows a failed probe twice as long, at most ``longest_seconds``. A probe
    that has not reported after ``probe_seconds`` is given up: another caller may try.
    """

    failures: int = 5
    ratio: float = 0.5
    ratio_calls: int = 10
    window_seconds: float = 60.0
    open_seconds: float = 60.0
    longest_seconds: float = 600.0
    probe_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class BreakerState:
    """``since``: when the window, the opening or the probe began. ``seconds``: how long the last opening lasts."""

    phase: Phase = Phase.CLOSED
    epoch: int = 0
    in_a_row: int = 0
    calls: int = 0
    failures: int = 0
    since: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Admission:
    """``state`` is the next one. ``epoch`` is what the caller reports with; None: refused for ``wait`` seconds."""

    state: BreakerState
    epoch: int | None
    wait: float = 0.0


def admit(state: BreakerState, policy: BreakerPolicy, now: float) -> Admission:
    """Ask to make a call."""
    if state.phase is Phase.CLOSED:
        return Admission(state, state.epoch)
    wait = wait_of(state, policy, now)
    if wait > 0:
        return Admission(state, None, wait)
    probing = replace(state, phase=Phase.HALF_OPEN, epoch=state.epoch + 1, since=now)
    return Admission(probing, probing.epoch)


def wait_of(state: BreakerState, policy: BreakerPolicy, now: float) -> float:
    """Seconds until a call would be let through; 0: now. A clock that was set back keeps nobody out."""
    if state.phase is Phase.CLOSED or now < state.since:
        return 0.0
    lasts = state.seconds if state.phase is Phase.OPEN else policy.probe_seconds
    return max(0.0, state.since + lasts - now)


def report(
    state: BreakerState,
    policy: BreakerPolicy,
    epoch: int,
    outcome: Outcome,
    now: float,
    asked_delay: float | None = None,
) -> BreakerState:
    """The outcome of a call that was admitted with ``epoch``. ``asked_delay``: how long it asked to be left alone."""
    if epoch != state.epoch:
        return state
    if state.phase is Phase.HALF_OPEN:
        return _probed(state, policy, outcome, now, asked_delay)
    return _counted(state, policy, outcome, now, asked_delay)


def _probed(
    state: BreakerState, policy: BreakerPolicy, outcome: Outcome, now: float, asked_delay: float | None
) -> BreakerState:
    if outcome is Outcome.ANSWERED:
        return BreakerState(epoch=state.epoch + 1, since=now)
    if outcome is Outcome.FAILED:
        return _opened(state, asked_delay or min(state.seconds * 2, policy.longest_seconds), now)
    # Nothing was learnt: open as before, and the time is up, so that the next caller probes.
    return _opened(state, state.seconds, now - state.seconds)


def _counted(
    state: BreakerState, policy: BreakerPolicy, outcome: Outcome, now: float, asked_delay: float | None
) -> BreakerState:
    if outcome is Outcome.UNKNOWN:
        return state
    failed = outcome is Outcome.FAILED
    if not 0 <= now - state.since < policy.window_seconds:
        state = replace(state, calls=0, failures=0, since=now)
    counted = replace(
        state,
        in_a_row=state.in_a_row + 1 if failed else 0,
        calls=state.calls + 1,
        failures=state.failures + failed,
    )
    return _opened(counted, asked_delay or policy.open_seconds, now) if _trips(counted, policy, failed) else counted


def _trips(state: BreakerState, policy: BreakerPolicy, failed: bool) -> bool:
    if not failed:
        return False
    enough = state.calls >= policy.ratio_calls and state.failures >= policy.ratio * state.calls
    return enough or state.in_a_row >= policy.failures


def _opened(state: BreakerState, seconds: float, since: float) -> BreakerState:
    return BreakerState(Phase.OPEN, state.epoch + 1, since=since, seconds=seconds)
