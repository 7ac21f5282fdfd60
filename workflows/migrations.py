"""Changing the embedding model of a tenant's index, or how it is kept, while it is read and written."""

from datetime import timedelta
from typing import cast

from temporalio import workflow
from temporalio.exceptions import ActivityError, RetryState

with workflow.unsafe.imports_passed_through():
    from activities.migrations import MigrationActivities
    from lethe.contracts.indexing import BuildOutcome, BuildPhase, Closed
    from lethe.contracts.migrations import CheckStep, Judged, JudgeStep, MigrationEnd, MigrationRun, VectorTally
    from lethe.errors import EmbedderUnavailable
    from lethe.model.migrations import NOT_COMPARED_YET

from workflows import policies
from workflows.failures import code_of
from workflows.index_builds import BuildIndex
from workflows.policies import Queue
from workflows.steps import Input, Output, Step, run_step

LOOK_EVERY = 20
"""Steps after which the ledger is looked at unasked; before each where there is a budget."""


SOURCE_ROUNDS = 10
"""How often a model of what serves is waited for, before the questions it is not asked are left out."""


CATCH_UPS = 5
"""Steps by which a build follows before what it followed is compared, while documents are written."""


class GivenUp(Exception):
    """Nothing more is tried: the build goes. ``code``: why; "" where somebody asked for it."""

    def __init__(self, code: str = "") -> None:
        super().__init__(code)
        self.code = code


@workflow.defn(name="migrate-embeddings")
class MigrateEmbeddings(BuildIndex):
    """A build that has to pass a gate before it serves, and that an admin steers over the API.

    What is asked of it is in the ledger; `look` only says that there is news. The signals of a build count as well.
    """

    @workflow.init
    def __init__(self, state: MigrationRun) -> None:
        super().__init__(state)
        self._has_news = True
        self._may_close = False
        self._is_held = False
        self._is_counted = False

    @workflow.run
    async def run(self, state: MigrationRun) -> BuildOutcome:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Each phase may be entered again: what was done is found done."""
        code = ""
        try:
            outcome = await self._opened()
        except GivenUp as given_up:
            outcome, code = await self._abort(), given_up.code
        await run_step(
            MigrationActivities.settle_migration,
            MigrationEnd(**self._ref.model_dump(), code=code),
            queue=Queue.IO,
            summary="write down how it ended",
            retry=policies.ALWAYS_RETRY,
        )
        return outcome

    async def _opened(self) -> BuildOutcome:
        opened = await self._step(MigrationActivities.open_migration, self._ref, "plan the build")
        if opened.is_over:
            return BuildOutcome(is_active=False, written=0)
        self._set(soak_seconds=opened.soak_seconds, stall_seconds=opened.stall_seconds)
        return await self._built()

    @workflow.signal(description="The ledger has news: somebody asked something of the migration")
    def look(self) -> None:
        """Read the ledger before the next step."""
        self._has_news = True

    @property
    def _own(self) -> MigrationRun:
        return cast("MigrationRun", self._state)

    async def _turn(self) -> None:
        if self._is_counted or self._steps % LOOK_EVERY == 0:
            self._has_news = True
        await self._look()
        while self._is_held and not self._state.is_aborted:
            self._set(stalls_since=None, uncompared_since=None)
            await workflow.wait_condition(lambda: self._has_news or self._state.is_aborted)
            await self._look()
        await super()._turn()

    async def _look(self) -> None:
        if not self._has_news:
            return
        self._has_news = False
        seen = await run_step(
            MigrationActivities.look_at_migration,
            self._ref,
            queue=Queue.IO,
            summary="what is asked of it",
            retry=policies.ALWAYS_RETRY,
        )
        self._may_close, self._is_held, self._is_counted = seen.may_close, seen.is_paused, seen.is_counted
        state = self._state
        self._set(
            is_judged=seen.is_judged,
            is_aborted=state.is_aborted or seen.is_aborted,
            goes_back=seen.goes_back and not state.is_finished,
            is_finished=state.is_finished or seen.is_finished,
        )

    async def _approved(self) -> bool:
        """Whether the build passed the gate, and its cutover is wanted; until then it follows.

        One that the store lost, or whose verdict is void by what came since, is closed as well: that fills it again,
        and does not let it serve.
        """
        if self._state.phase is BuildPhase.SOAKING:
            return True
        if self._own.is_judged:
            self._has_news = True
            await self._turn()
        if not self._own.is_judged:
            self._set(phase=BuildPhase.JUDGING)
            if not await self._judged():
                return False
        await self._held()
        while self._own.is_judged and not self._state.is_aborted:
            await self._verified()
            self._has_news = True
            await self._turn()
            if self._may_close:
                break
            await self._held()
        return not self._state.is_aborted

    async def _verified(self) -> None:
        """Nearly all of what came is there by then: of what comes later the cutover brings a little, not compared."""
        for _ in range(CATCH_UPS):
            if not (await self._caught_up()).lag:
                break
        await self._step(MigrationActivities.verify_migration, self._ref, "what came after the verdict")

    async def _held(self) -> None:
        """Until its cutover is wanted, or its verdict is gone."""
        self._set(phase=BuildPhase.HELD)
        self._has_news = True
        await self._turn()
        while self._own.is_judged and not self._may_close and not self._state.is_aborted:
            self._set(uncompared_since=None)
            await self._caught_up()
            await self._rest(policies.HELD.total_seconds())
            self._has_news = True
            await self._turn()

    async def _judged(self) -> bool:
        while not self._own.is_checked:
            await self._turn()
            own = self._own
            if own.is_aborted:
                return False
            step = CheckStep(**self._ref.model_dump(), after=own.check_after, tally=own.tally)
            summary = f"after {own.tally.vectors:,} vectors"
            checked = await self._step(MigrationActivities.check_migration, step, summary)
            if checked.is_lost:
                self._set(check_after=None, tally=VectorTally())
                return True
            self._set(check_after=checked.after, tally=checked.tally, is_checked=checked.after is None)
            if checked.after is not None:
                await self._rest(checked.pause_seconds)
        judged = await self._verdict()
        # What is judged again is compared again.
        self._set(is_checked=False, tally=VectorTally(), uncompared_since=None)
        return judged.passed or judged.is_lost

    async def _verdict(self) -> Judged:
        rounds = 0
        while True:
            is_last = rounds >= SOURCE_ROUNDS
            step = JudgeStep(**self._ref.model_dump(), tally=self._own.tally, is_last=is_last)
            try:
                return await self._try(MigrationActivities.judge_migration, step, "shadow reads and verdict")
            except ActivityError as error:
                await self._failed(error)
            rounds += 1

    async def _step(self, method: Step[Input, Output], value: Input, summary: str) -> Output:
        """In rounds: between them it hears what is asked of it, whatever does not answer."""
        while True:
            try:
                return await self._try(method, value, summary)
            except ActivityError as error:
                await self._failed(error)

    async def _try(self, method: Step[Input, Output], value: Input, summary: str) -> Output:
        done = await run_step(method, value, queue=Queue.IO, summary=summary, retry=policies.STEP_RETRY)
        if self._own.stalls_since is not None:
            self._set(stalls_since=None)
        return done

    async def _failed(self, error: ActivityError) -> None:
        """Rest and look. Raises GivenUp where nothing is to be hoped for, and once it serves the error itself."""
        if self._state.phase is BuildPhase.SOAKING:
            raise error
        code = code_of(error)
        if error.retry_state is RetryState.NON_RETRYABLE_FAILURE:
            raise GivenUp(code)
        if code == EmbedderUnavailable.code:
            self._stall(code)
        await self._rest(policies.HELD.total_seconds())
        self._has_news = True
        await self._turn()
        if self._state.is_aborted:
            raise GivenUp

    def _stall(self, code: str) -> None:
        """A build on its way keeps erasures from having the index made anew. Raises GivenUp."""
        since = self._own.stalls_since or workflow.now()
        self._set(stalls_since=since)
        if (workflow.now() - since).total_seconds() >= self._own.stall_seconds:
            raise GivenUp(code)

    async def _close(self) -> Closed:
        closed = await super()._close()
        if closed.is_uncompared:
            await self._uncompared()
        # Where it does not serve, something may have been asked of it.
        self._has_news = True
        return closed

    async def _uncompared(self) -> None:
        """Rest: while more comes without end, neither the model nor whoever waits for the index is to pay for it.

        Raises GivenUp.
        """
        since = self._own.uncompared_since or workflow.now()
        self._set(uncompared_since=since)
        if (workflow.now() - since).total_seconds() >= self._own.stall_seconds:
            raise GivenUp(NOT_COMPARED_YET)
        await self._rest(policies.HELD.total_seconds())

    async def _follow_replaced(self, replaced: str) -> None:
        """The way back may be lost with the model of what was replaced; the end of the soak is not."""
        try:
            await super()._follow_replaced(replaced)
        except ActivityError:
            self._has_news = True

    async def _go_back(self, replaced: str) -> bool:
        try:
            return await super()._go_back(replaced)
        except ActivityError:
            self._has_news = True
            return False

    async def _rest(self, seconds: float) -> None:
        """Shorter if there is news."""
        if not seconds:
            return
        try:
            await workflow.wait_condition(lambda: self._has_news, timeout=timedelta(seconds=seconds))
        except TimeoutError:
            return
