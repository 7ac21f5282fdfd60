"""Writers, followers, cutovers, ways back and kills in any order: each build comes to hold what the ledger serves.

A question that began at some moment finds everything of that moment in exactly one build.
"""

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, ClassVar, Final

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from lethe.contracts.indexing import BuildRef
from lethe.errors import IndexBuildInProgress
from lethe.ingestion.steps.indexing import index_versions
from lethe.ingestion.steps.switching import switch_versions
from lethe.model.documents import Version
from lethe.model.ids import Id, new_id
from lethe.model.indexes import BuildState, IndexBuild
from lethe.settings import Settings
from tests.conftest import settings_at
from tests.unit.indexing.corpus import KilledError
from tests.unit.indexing.world import World

SEED: Final = 20_261_122
"""Others, to look further: `--hypothesis-seed`."""
NUMBERS: Final = st.integers(0, 3)
TEXTS: Final = st.sampled_from(["alpha", "alpha\nbeta", "gamma\ndelta\nalpha"])
CHANGES: Final = st.sampled_from(["write", "delete", "readers", "remove", "nothing"])


async def _killed() -> None:
    raise KilledError


class Interleavings(RuleBasedStateMachine):
    """``questions``: the seq each began at, with the build it reads. ``coming``: indexed, and not switched yet."""

    template: ClassVar[Path]

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = Path(tempfile.mkdtemp(prefix="lethe-builds-"))
        shutil.copytree(self.template, self.folder / "state")
        self.world = self.run(World.open(settings_at(self.folder / "state")))
        self.questions: dict[int, Id] = {}
        self.coming: list[Version] = []
        self.was_killed = False

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    def of_state(self, *states: BuildState) -> list[IndexBuild]:
        builds: list[IndexBuild] = self.run(self.world.builds())
        return [build for build in builds if build.state in states]

    @property
    def building(self) -> list[IndexBuild]:
        return self.of_state(BuildState.BUILDING)

    async def change(self, what: str, number: int, text: str) -> None:
        is_known = number in self.world.documents
        match what:
            case "write":
                await self.world.write(number, text)
            case "delete" if is_known:
                await self.world.delete(number)
            case "readers" if is_known and await self.world.is_live(number):
                await self.world.change(number, new_id(), text.partition("\n")[0])
            case "remove":
                # Nobody reads any more what was replaced a minute ago.
                self.questions.clear()
                await self.world.remove()
            case _:
                pass

    @rule(what=CHANGES, number=NUMBERS, text=TEXTS)
    def changes(self, what: str, number: int, text: str) -> None:
        self.run(self.change(what, number, text))

    @rule()
    def plans(self) -> None:
        try:
            self.run(self.world.plan())
        except IndexBuildInProgress:
            assert self.building

    @rule(
        what=CHANGES, number=NUMBERS, text=TEXTS, moment=st.sampled_from(["before", "after"]), is_killed=st.booleans()
    )
    def follows(self, what: str, number: int, text: str, moment: str, is_killed: bool) -> None:
        """A step, with a change just before or after its write, and its process killed after that."""

        async def meanwhile() -> None:
            await self.change(what, number, text)
            if is_killed and moment == "before":
                self.world.memory.after = _killed
            elif is_killed:
                await _killed()

        for build in self.of_state(BuildState.BUILDING, BuildState.SOAKING):
            setattr(self.world.memory, moment, meanwhile)
            self.run(self._survived(lambda ref=self.world.ref(build): self.world.follower.step(ref)))

    @precondition(lambda self: self.building)
    @rule()
    def cuts_over(self) -> None:
        """As its workflow does: compared first, then offered once."""
        ref = self.world.ref(self.building[0])
        self.run(self._cut_over(ref))

    async def _cut_over(self, ref: BuildRef) -> None:
        await self.world.followed(ref)
        await self.world.reconciled(ref)
        before = await self.world.seq()
        read = await self.world.reading(before)
        for _ in range(2):
            assert (await self.world.cutover.close(ref)).is_active
        assert (await self.world.reading(before)).id == read.id

    @precondition(lambda self: self.building)
    @rule(number=NUMBERS, text=TEXTS)
    def offers(self, number: int, text: str) -> None:
        """A commit comes between the last step and the cutover."""
        ref = self.world.ref(self.building[0])
        self.run(self.world.followed(ref))
        self.run(self.world.write(number, text))
        closed = self.run(self.world.cutover.flip(ref))
        assert (closed.is_active, closed.is_over) == (False, False)

    @rule(number=NUMBERS, text=TEXTS)
    def receives(self, number: int, text: str) -> None:
        """A version comes into the builds that are written now, and is switched later."""
        version = self.run(self.world.receive(number, text))
        self.run(index_versions(self.world.pipeline, self.world.tenant_id, [version]))
        self.coming.append(version)

    @rule()
    def switches(self) -> None:
        """What lost to a later submission, or was deleted, is removed at once, as its workflow does."""
        ids = [version.id for version in self.coming]
        self.coming.clear()
        turn = self.run(switch_versions(self.world.pipeline, self.world.tenant_id, ids))
        lost = [each for each in ids if each not in turn.live_from]
        self.run(self.world.remover.remove_many(self.world.tenant_id, lost))
        (active,) = self.of_state(BuildState.ACTIVE)
        assert {item.version_id for item in self.world.memory.held(active).values()} >= set(turn.live_from) - set(
            turn.replaced
        )

    @precondition(lambda self: self.of_state(BuildState.SOAKING))
    @rule()
    def takes_back(self) -> None:
        for build in self.of_state(BuildState.SOAKING)[:1]:
            self.run(self.world.followed(self.world.ref(build)))
            assert self.run(self.world.cutover.take_back(self.run(self.world.back_to(self.world.ref(build)))))

    @precondition(lambda self: self.of_state(BuildState.SOAKING))
    @rule()
    def finishes(self) -> None:
        """Only when no question is left that reads what is dropped."""
        self.questions.clear()
        (active,) = self.of_state(BuildState.ACTIVE)
        self.run(self.world.cutover.finish(self.world.ref(active)))

    @precondition(lambda self: self.building)
    @rule()
    def aborts(self) -> None:
        self.run(self.world.cutover.abort(self.world.ref(self.building[0])))

    @invariant()
    def asks(self) -> None:
        """After each step a question begins; those from before go on in their builds, with all of their moment."""
        seq = self.run(self.world.seq())
        self.questions.setdefault(seq, self.run(self.world.reading(seq)).id)
        for began, build_id in self.questions.items():
            build = self.run(self.world.reading(began))
            assert build.id == build_id
            assert self.run(self.world.live_at(began)) <= set(self.world.held(build))

    def teardown(self) -> None:
        try:
            self.run(self._all_equal())
        finally:
            self.run(self.world.close())
            self.loop.close()
            shutil.rmtree(self.folder)

    async def _survived(self, work: Callable[[], Awaitable[object]]) -> None:
        try:
            await work()
        except KilledError:
            self.was_killed = True
        finally:
            self.world.memory.before = self.world.memory.after = None

    async def _all_equal(self) -> None:
        await self.world.remover.remove_many(self.world.tenant_id, [version.id for version in self.coming])
        await self.world.remove()
        for build in await self.world.builds():
            if build.state is BuildState.RETIRED:
                continue
            await self.world.followed(self.world.ref(build))
            if self.was_killed:
                await self._audit(await self.world.build(self.world.ref(build)))
            await self.world.assert_equal(build)

    async def _audit(self, build: IndexBuild) -> None:
        """What a killed step left of a version whose rows are gone is found by comparing."""
        auditing, after = self.world.auditor.of_build(build), None
        while True:
            after, _ = await auditing.page(after)
            if after is None:
                return


@pytest.mark.timeout(300)
def test_any_order_ends_in_equal_sets_and_one_build_per_question(
    sqlite_settings: Settings, request: pytest.FixtureRequest
) -> None:
    class Machine(Interleavings):
        template = sqlite_settings.state

    seed(int(request.config.getoption("--hypothesis-seed") or SEED))(Machine)
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=10,
            # Not shrunk, which takes minutes: the steps of the first failure are told as they were drawn.
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            report_multiple_bugs=False,
            print_blob=True,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
