"""The breaker's state machine against its rules, told again here: no shared code, only what a watcher sees."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from lethe.model.breakers import BreakerPolicy, BreakerState, Outcome, Phase, admit, report, wait_of

POLICY = BreakerPolicy()
STEPS = 40_000

LEGAL = {
    (Phase.CLOSED, Phase.CLOSED),
    (Phase.CLOSED, Phase.OPEN),
    (Phase.OPEN, Phase.OPEN),
    (Phase.OPEN, Phase.HALF_OPEN),
    (Phase.HALF_OPEN, Phase.HALF_OPEN),
    (Phase.HALF_OPEN, Phase.CLOSED),
    (Phase.HALF_OPEN, Phase.OPEN),
}


@dataclass
class Watcher:
    """Drives a breaker with callers that answer, fail, ask for patience, go away or never come back."""

    random: random.Random
    policy: BreakerPolicy
    state: BreakerState = field(default_factory=BreakerState)
    now: float = 1_000.0
    calls: list[int] = field(default_factory=list[int])
    told: list[bool] = field(default_factory=list[bool])
    """Outcomes since it closed last, or its window began."""
    window: float = 0.0
    in_a_row: int = 0
    probe: int | None = None
    probed_at: float = 0.0
    open_until: float = 0.0
    lasts: float = 0.0
    illegal: list[str] = field(default_factory=list[str])
    seen: Counter[str] = field(default_factory=Counter[str])

    def step(self) -> None:
        choose = self.random.random()
        before = self.state
        if choose < 0.45:
            self.ask()
        elif choose < 0.85 and self.calls:
            self.hear()
        else:
            self.now += self.random.choice((0.01, 1.0, 20.0, 61.0, 200.0))
        self.expect((before.phase, self.state.phase) in LEGAL, f"{before.phase} -> {self.state.phase}")
        if before.phase != self.state.phase:
            self.seen[f"{before.phase} to {self.state.phase}"] += 1

    def ask(self) -> None:
        before = self.state
        admission = admit(before, self.policy, self.now)
        self.state = admission.state
        if before.phase is Phase.CLOSED:
            self.expect(admission.epoch is not None, "closed refuses")
        else:
            busy = before.phase is Phase.HALF_OPEN and self.now < self.probed_at + self.policy.probe_seconds
            early = before.phase is Phase.OPEN and self.now < self.open_until
            self.expect((admission.epoch is None) == (busy or early), f"{before.phase} at {self.now}")
            if admission.epoch is None:
                self.expect(admission.wait > 0, "refused without an end")
                self.seen["refused"] += 1
            else:
                self.expect(admission.epoch not in self.calls, "two callers with one probe")
                self.probe, self.probed_at = admission.epoch, self.now
                self.seen["probes"] += 1
        if admission.epoch is not None:
            self.calls.append(admission.epoch)

    def hear(self) -> None:
        epoch = self.calls.pop(self.random.randrange(len(self.calls)))
        if self.random.random() < 0.05:
            self.seen["never came back"] += 1
            return
        outcome = self.random.choices(list(Outcome), weights=(5, 5, 1))[0]
        delay = self.random.choice((None, None, 7.0)) if outcome is Outcome.FAILED else None
        before = self.state
        self.state = report(before, self.policy, epoch, outcome, self.now, delay)
        if epoch != before.epoch:
            self.expect(self.state == before, "a late report counts")
            self.seen["late"] += 1
        elif before.phase is Phase.CLOSED:
            self.counted(outcome, delay)
        else:
            self.expect(before.phase is Phase.HALF_OPEN and epoch == self.probe, "not the probe decides")
            self.decided(outcome, delay)

    def counted(self, outcome: Outcome, delay: float | None) -> None:
        if outcome is not Outcome.UNKNOWN:
            if not self.window <= self.now < self.window + self.policy.window_seconds:
                self.told, self.window = [], self.now
            self.told.append(outcome is Outcome.FAILED)
            self.in_a_row = self.in_a_row + 1 if outcome is Outcome.FAILED else 0
        failures = sum(self.told)
        due = outcome is Outcome.FAILED and (
            self.in_a_row >= self.policy.failures
            or (len(self.told) >= self.policy.ratio_calls and failures / len(self.told) >= self.policy.ratio)
        )
        self.expect((self.state.phase is Phase.OPEN) == due, f"{self.in_a_row} in a row, {failures}/{len(self.told)}")
        if due:
            self.opened(delay or self.policy.open_seconds, self.now)

    def decided(self, outcome: Outcome, delay: float | None) -> None:
        if outcome is Outcome.ANSWERED:
            self.expect(self.state.phase is Phase.CLOSED, "an answer does not close")
            self.told, self.window, self.in_a_row = [], self.now, 0
        elif outcome is Outcome.FAILED:
            self.opened(delay or min(2 * self.lasts, self.policy.longest_seconds), self.now)
        else:
            self.expect(wait_of(self.state, self.policy, self.now) == 0, "nobody may probe after a probe without end")
            self.opened(self.lasts, self.now - self.lasts)
        self.probe = None

    def opened(self, lasts: float, since: float) -> None:
        self.expect(self.state.phase is Phase.OPEN, "does not open")
        self.lasts, self.open_until = lasts, since + lasts
        self.expect(
            abs(wait_of(self.state, self.policy, self.now) - max(0.0, self.open_until - self.now)) < 1e-6, "how long"
        )

    def expect(self, holds: bool, what: str) -> None:
        if not holds:
            self.illegal.append(f"{what}: {self.state}")


@pytest.mark.parametrize("policy", [POLICY, replace(POLICY, open_seconds=30, longest_seconds=30, probe_seconds=5)])
def test_no_run_of_events_leads_to_an_illegal_transition(
    policy: BreakerPolicy, record_property: Callable[[str, object], None]
) -> None:
    watcher = Watcher(random.Random(20261121), policy)
    for _ in range(STEPS):
        watcher.step()
    counts = ", ".join(f"{count} {name}" for name, count in sorted(watcher.seen.items()))
    record_property("breaker machine", f"{STEPS} steps, {len(watcher.illegal)} illegal; {counts}")
    assert watcher.illegal == []
    expected = {"closed to open", "open to half_open", "half_open to open", "half_open to closed", "late", "refused"}
    assert expected <= {name for name, count in watcher.seen.items() if count > 50}


def opened(asked: float | None = None) -> BreakerState:
    state = BreakerState()
    for _ in range(POLICY.failures):
        state = report(state, POLICY, state.epoch, Outcome.FAILED, 100.0, asked)
    return state


def probed(state: BreakerState, now: float, outcome: Outcome, asked: float | None = None) -> BreakerState:
    admission = admit(state, POLICY, now)
    assert admission.epoch is not None
    return report(admission.state, POLICY, admission.epoch, outcome, now, asked)


def test_five_failures_in_a_row_open_it_for_a_minute() -> None:
    state = opened()
    assert wait_of(state, POLICY, 100.0) == 60
    assert admit(state, POLICY, 159.9).epoch is None
    assert admit(state, POLICY, 160.0).epoch is not None


def test_an_answer_between_starts_the_row_anew() -> None:
    state = BreakerState()
    for outcome in [Outcome.FAILED] * 4 + [Outcome.ANSWERED] + [Outcome.FAILED] * 3:
        state = report(state, POLICY, 0, outcome, 100.0)
    assert state.phase is Phase.CLOSED


def test_half_of_ten_calls_open_it_and_of_nine_do_not() -> None:
    state = BreakerState()
    for turn in range(9):
        state = report(state, POLICY, 0, Outcome.FAILED if turn % 2 else Outcome.ANSWERED, 100.0)
    assert state.phase is Phase.CLOSED
    assert report(state, POLICY, 0, Outcome.FAILED, 100.0).phase is Phase.OPEN


def test_old_calls_do_not_count() -> None:
    state = BreakerState()
    for turn in range(9):
        state = report(state, POLICY, 0, Outcome.FAILED if turn % 2 else Outcome.ANSWERED, 100.0)
    assert report(state, POLICY, 0, Outcome.FAILED, 161.0).phase is Phase.CLOSED


def test_it_stays_open_as_long_as_it_was_asked() -> None:
    assert wait_of(opened(asked=200.0), POLICY, 100.0) == 200


def test_each_failed_probe_doubles_the_time_up_to_ten_minutes() -> None:
    state, now, waits = opened(), 100.0, list[float]()
    for _ in range(6):
        waits.append(wait_of(state, POLICY, now))
        now += waits[-1]
        state = probed(state, now, Outcome.FAILED)
    assert waits == [60, 120, 240, 480, 600, 600]
    healed = probed(state, now + 600, Outcome.ANSWERED)
    assert healed.phase is Phase.CLOSED
    for _ in range(POLICY.failures):
        healed = report(healed, POLICY, healed.epoch, Outcome.FAILED, now)
    assert wait_of(healed, POLICY, now) == 60


def test_a_probe_that_never_reports_is_given_up() -> None:
    first = admit(opened(), POLICY, 160.0)
    assert first.epoch is not None
    assert admit(first.state, POLICY, 160.0 + 29).epoch is None
    second = admit(first.state, POLICY, 160.0 + 30)
    assert second.epoch == first.epoch + 1
    assert report(second.state, POLICY, first.epoch, Outcome.ANSWERED, 191.0) == second.state


def test_a_clock_that_was_set_back_keeps_nobody_out() -> None:
    assert admit(opened(), POLICY, 20.0).epoch is not None
