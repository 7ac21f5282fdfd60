"""What the workflow of a migration does in the ledger: begin, look what is asked of it, write down how far it is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from lethe.contracts.indexing import BuildPlan, BuildRef
from lethe.contracts.migrations import MigrationLook, MigrationOpened, MigrationReport
from lethe.errors import MigrationOverBudget, TextsRefused
from lethe.indexing.planning import BuildPlanner
from lethe.model.ids import derived_id
from lethe.model.indexes import BuildKind, IndexBuild
from lethe.model.migrations import (
    BEFORE_CUTOVER,
    NOT_COMPARED_YET,
    UNDER_WAY,
    Migration,
    MigrationMove,
    MigrationState,
)
from lethe.ports.ledger import UnitOfWork
from lethe.privacy.erasure.rechecking import recheck_after
from lethe.settings import MigrationSettings

CANARY_UNDER_WAY: Final = "canary_under_way"
CANARY_FAILED: Final = "canary_failed"
"""Why a migration waits: one that goes before it has not ended, or was refused or rolled back."""
NOT_COMPARED: Final = "not_compared"
"""Why it waits: no question could be asked of both models. Its cutover may be ordered."""
TEXTS_REFUSED: Final = TextsRefused.code
"""Why it waits: the model refuses texts, which its build lacks. Its cutover may be ordered."""


@dataclass(frozen=True, slots=True)
class MigrationRunner:
    """Every step may be repeated. The migration's id is its build's."""

    planner: BuildPlanner
    settings: MigrationSettings

    async def open(self, ref: BuildRef) -> MigrationOpened:
        """Plan its build. Raises IndexBuildInProgress while another one is on its way."""
        async with self.planner.ledger.read() as uow:
            migration = await uow.migrations.get(ref.tenant_id, ref.build_id)
        if migration is None or migration.ended_at is not None:
            return MigrationOpened(is_over=True)
        wish = BuildPlan(
            tenant_id=ref.tenant_id,
            build_id=ref.build_id,
            kind=BuildKind.VECTOR,
            spec=migration.target_spec,
            parameters=migration.target_parameters,
        )
        build = await self.planner.plan(wish, dispatches=False)
        return MigrationOpened(
            is_over=build is None, soak_seconds=migration.soak_seconds, stall_seconds=self.settings.stall_seconds
        )

    async def look(self, ref: BuildRef) -> MigrationLook:
        """What is asked of it by now. One that has cost more than it may is paused."""
        async with self.planner.ledger.write() as uow:
            await uow.tenants.lock(ref.tenant_id)
            migration = await uow.migrations.get(ref.tenant_id, ref.build_id)
            if migration is None:
                return MigrationLook(is_aborted=True)
            stands_against = ""
            if migration.state in BEFORE_CUTOVER:
                stands_against = await self._waits_for(uow, migration)
                migration = await self._told(uow, migration, stands_against)
        is_asked = migration.move is MigrationMove.CUTOVER
        return MigrationLook(
            is_paused=migration.is_paused,
            is_judged=migration.state not in {MigrationState.BUILDING, MigrationState.CHECKING},
            is_aborted=migration.move is MigrationMove.ABORT or migration.state is MigrationState.REFUSED,
            goes_back=migration.move is MigrationMove.ROLLBACK or migration.state is MigrationState.ROLLED_BACK,
            is_finished=migration.move is MigrationMove.FINISH,
            may_close=is_asked or (migration.is_automatic and not stands_against),
            is_counted=migration.budget_micros is not None and migration.state in BEFORE_CUTOVER,
        )

    async def _told(self, uow: UnitOfWork, migration: Migration, stands_against: str) -> Migration:
        code = stands_against or _still_uncompared(migration)
        if code == migration.code:
            return migration
        paused = migration.is_paused or code == MigrationOverBudget.code
        told = replace(migration, code=code, is_paused=paused, updated_at=self.planner.clock.now())
        await uow.migrations.update(told)
        return told

    async def _waits_for(self, uow: UnitOfWork, migration: Migration) -> str:
        """The code of what stands in the way of its cutover; "" for nothing."""
        if migration.budget_micros is not None:
            spent = await uow.processor_calls.cost_about(migration.tenant_id, migration.id)
            if spent > migration.budget_micros:
                return MigrationOverBudget.code
        if migration.is_canary:
            return _doubt(migration)
        canaries = await uow.migrations.canaries(migration.target_spec, migration.target_parameters)
        return _canary_code(canaries) or _doubt(migration)

    async def check(self, ref: BuildRef) -> None:
        """Its build is compared from its beginning, up to the commit that it has come to now."""
        async with self.planner.ledger.read() as uow:
            build = await uow.builds.get(ref.tenant_id, ref.build_id)
        await self.note(ref, MigrationState.CHECKING, checked_seq=build.seq if build else None)

    async def note(
        self,
        ref: BuildRef,
        state: MigrationState,
        report: MigrationReport | None = None,
        checked_seq: int | None = None,
        out_of: frozenset[MigrationState] = BEFORE_CUTOVER,
    ) -> Migration | None:
        """Write down how far it is before it serves; returns what it then is. What it has become meanwhile stays."""
        async with self.planner.ledger.write() as uow:
            await uow.tenants.lock(ref.tenant_id)
            migration = await uow.migrations.get(ref.tenant_id, ref.build_id)
            if migration is None or migration.state not in out_of:
                return migration
            now = self.planner.clock.now()
            noted = replace(migration, state=state, updated_at=now)
            if checked_seq is not None:
                noted = replace(noted, checked_seq=checked_seq)
            if report is not None:
                noted = replace(noted, report=report.model_dump(), code=next(iter(report.failures), ""))
            await uow.migrations.update(noted)
            return noted

    async def settle(self, ref: BuildRef, code: str = "") -> None:
        """Write down how it ended, by what serves now. ``code``: why it was given up, if it was before it served."""
        async with self.planner.ledger.write() as uow:
            await uow.tenants.lock(ref.tenant_id)
            await uow.dispatches.delete_for(ref.tenant_id, [ref.build_id])
            migration = await uow.migrations.get(ref.tenant_id, ref.build_id)
            build = await uow.builds.get(ref.tenant_id, ref.build_id)
            if migration is None or migration.ended_at is not None:
                return
            active = await uow.builds.active(ref.tenant_id, BuildKind.VECTOR)
            now = self.planner.clock.now()
            state = _ended(migration, build, active)
            said = code if code and state is MigrationState.ABORTED else migration.code
            said = "" if state is MigrationState.FINISHED else said
            await uow.migrations.update(
                replace(migration, state=state, code=said, move=None, updated_at=now, ended_at=now)
            )
            # The builds it made may hold somebody who was erased before.
            await recheck_after(uow, ref.tenant_id, derived_id(ref.build_id, 0), now)


def _ended(migration: Migration, build: IndexBuild | None, active: IndexBuild | None) -> MigrationState:
    if migration.state not in UNDER_WAY:
        return migration.state
    if build is None or not build.served_from:
        return MigrationState.ABORTED
    # A later one than its own was made from it.
    is_kept = active is not None and active.number >= build.number
    return MigrationState.FINISHED if is_kept else MigrationState.ROLLED_BACK


def _still_uncompared(migration: Migration) -> str:
    """It stays written down until that is compared."""
    is_so = migration.state is MigrationState.READY and migration.code == NOT_COMPARED_YET
    return NOT_COMPARED_YET if is_so else ""


def _doubt(migration: Migration) -> str:
    """Why somebody is to decide: the model refuses texts, or none of the questions could be asked of both models."""
    if migration.report.get("refused"):
        return TEXTS_REFUSED
    if not migration.report.get("unasked"):
        return ""
    return "" if migration.report["figures"]["questions"] else NOT_COMPARED


def _canary_code(canaries: Sequence[Migration]) -> str:
    """``canaries`` with the same target, newest first: all must have ended, the newest of each tenant well."""
    newest = {each.tenant_id: each for each in reversed(canaries)}
    states = {each.state for each in newest.values()}
    if states & UNDER_WAY:
        return CANARY_UNDER_WAY
    return CANARY_FAILED if states - {MigrationState.FINISHED, MigrationState.ABORTED} else ""
