"""lethe.ports.breakers.Breakers over any Keeper."""

import time
from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Final

from lethe.adapters.breakers.keepers import Keeper, show
from lethe.adapters.breakers.policies import Policies
from lethe.errors import (
    BreakerOpen,
    IndexBuildMissing,
    IndexWriteFailed,
    LedgerUnavailable,
    LetheError,
    ProviderNotAllowed,
    Unavailable,
)
from lethe.model.breakers import Outcome
from lethe.ports.breakers import BreakerView

_NOT_CALLED: Final = (LedgerUnavailable, ProviderNotAllowed, BreakerOpen)
_ANSWERS: Final = (IndexBuildMissing, IndexWriteFailed)
"""The store is well: it says that something else is not."""


class Call:
    """lethe.ports.breakers.CallInProgress."""

    def __init__(self) -> None:
        self.is_answered = False

    def answered(self) -> None:
        self.is_answered = True


class Guards:
    """Judges what a call says of whom it called. ``names`` are shown before their first use, too."""

    def __init__(self, keeper: Keeper, policies: Policies, names: Collection[str] = ()) -> None:
        self._keeper = keeper
        self._policies = policies
        self._names = dict.fromkeys(names)

    @asynccontextmanager
    async def call(self, name: str) -> AsyncGenerator[Call]:
        self._names[name] = None
        admission = await self._keeper.admit(name)
        show(name, admission.state.phase)
        if admission.epoch is None:
            raise BreakerOpen(f"{name} is left alone", retry_after=admission.wait)
        call, started = Call(), time.monotonic()
        outcome, asked_delay = Outcome.ANSWERED, None
        try:
            yield call
        except BaseException as error:
            outcome = self._judged(name, error, time.monotonic() - started)
            asked_delay = error.asked_delay if isinstance(error, LetheError) else None
            raise
        finally:
            if outcome is Outcome.UNKNOWN and call.is_answered:
                outcome = Outcome.ANSWERED
            state = await self._keeper.report(name, admission.epoch, outcome, asked_delay)
            show(name, state.phase)

    async def is_open(self, name: str) -> bool:
        return (await self._keeper.views([name]))[name].retry_after > 0

    async def states(self) -> Mapping[str, BreakerView]:
        return await self._keeper.views(list(self._names))

    def _judged(self, name: str, error: BaseException, seconds: float) -> Outcome:
        if isinstance(error, _NOT_CALLED):
            return Outcome.UNKNOWN
        if isinstance(error, _ANSWERS):
            return Outcome.ANSWERED
        if isinstance(error, Unavailable | OSError):
            return Outcome.FAILED
        if isinstance(error, LetheError):
            return Outcome.ANSWERED
        is_mistake = isinstance(error, Exception)
        return Outcome.FAILED if not is_mistake and seconds >= self._policies.patience(name) else Outcome.UNKNOWN
