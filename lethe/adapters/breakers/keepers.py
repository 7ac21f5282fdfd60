"""Where the states of breakers are kept."""

from collections.abc import Collection, Mapping
from typing import Final, Protocol

from lethe import telemetry
from lethe.adapters.breakers.policies import Policies
from lethe.model.breakers import Admission, BreakerPolicy, BreakerState, Outcome, Phase, admit, report, wait_of
from lethe.ports.breakers import BreakerView
from lethe.ports.clock import Clock

_SHOWN: Final = {Phase.CLOSED: 0, Phase.HALF_OPEN: 1, Phase.OPEN: 2}


class Keeper(Protocol):
    """Applies lethe.model.breakers to kept states, one step after the other."""

    async def admit(self, name: str) -> Admission: ...

    async def report(self, name: str, epoch: int, outcome: Outcome, asked_delay: float | None) -> BreakerState:
        """Returns the state after it."""
        ...

    async def views(self, names: Collection[str]) -> Mapping[str, BreakerView]:
        """How they stand now; one that was never used is closed."""
        ...


class LocalKeeper:
    """In this process. Its plain functions never wait, so each is one step to the tasks of an event loop."""

    def __init__(self, policies: Policies, clock: Clock) -> None:
        self._policies = policies
        self._clock = clock
        self._states: dict[str, BreakerState] = {}

    async def admit(self, name: str) -> Admission:
        return self.admitted(name)

    async def report(self, name: str, epoch: int, outcome: Outcome, asked_delay: float | None) -> BreakerState:
        return self.reported(name, epoch, outcome, asked_delay)

    async def views(self, names: Collection[str]) -> Mapping[str, BreakerView]:
        return {name: self.view(name) for name in names}

    def admitted(self, name: str) -> Admission:
        admission = admit(self._state(name), self._policies.of(name), self._now())
        self._states[name] = admission.state
        return admission

    def reported(self, name: str, epoch: int, outcome: Outcome, asked_delay: float | None = None) -> BreakerState:
        state = report(self._state(name), self._policies.of(name), epoch, outcome, self._now(), asked_delay)
        self._states[name] = state
        return state

    def view(self, name: str) -> BreakerView:
        return view_of(self._state(name), self._policies.of(name), self._now())

    def adopt(self, name: str, state: BreakerState) -> None:
        """Go on from what others know."""
        self._states[name] = state

    def _state(self, name: str) -> BreakerState:
        return self._states.get(name) or BreakerState()

    def _now(self) -> float:
        return self._clock.now().timestamp()


def view_of(state: BreakerState, policy: BreakerPolicy, now: float) -> BreakerView:
    return BreakerView(state.phase, wait_of(state, policy, now))


def show(name: str, phase: Phase) -> None:
    """In the metrics."""
    telemetry.BREAKER_STATE.labels(name).set(_SHOWN[phase])
