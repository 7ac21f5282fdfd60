"""Migrations of a tenant as its admins order and steer them. The workflow reads here what it is to do."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from lethe.errors import (
    IllegalMigrationMove,
    MigrationInProgress,
    MigrationNotFound,
    MigrationOverBudget,
)
from lethe.indexing.migration.planning import MigrationPlanner, MigrationWish, Planned
from lethe.indexing.moves import refuse_to_lose, serve_again
from lethe.model.ids import Id
from lethe.model.indexes import BuildKind, BuildState, IndexBuild
from lethe.model.migrations import (
    ALLOWED,
    BEFORE_CUTOVER,
    DONE,
    UNDER_WAY,
    Migration,
    MigrationMove,
    MigrationPlan,
    MigrationState,
)
from lethe.model.operations import Dispatch, DispatchKind
from lethe.model.principals import Caller
from lethe.model.workflow_ids import dispatch_id
from lethe.ports.clock import Clock
from lethe.ports.ledger import Ledger, PageCursor, UnitOfWork


@dataclass(frozen=True, slots=True)
class Standing:
    """A migration and how many commits its build, or while it soaks the replaced one, has not applied."""

    migration: Migration
    lag: int


@dataclass(frozen=True, slots=True)
class Migrations:
    """``lag_seconds``: how soon a build that follows is looked after again."""

    ledger: Ledger
    clock: Clock
    planner: MigrationPlanner
    lag_seconds: float

    async def plan(self, caller: Caller, wish: MigrationWish) -> MigrationPlan:
        """See MigrationPlanner. Raises MigrationOverBudget besides."""
        return (await self._planned(caller, wish)).plan

    async def begin(self, caller: Caller, wish: MigrationWish, migration_id: Id) -> Migration:
        """The migration with this id, begun if it is new. Raises MigrationInProgress besides what `plan` raises."""
        async with self.ledger.read() as uow:
            known = await uow.migrations.get(caller.tenant_id, migration_id)
        if known is not None:
            return known
        planned, now = await self._planned(caller, wish), self.clock.now()
        default = self.planner.settings.soak_seconds
        migration = Migration(
            tenant_id=caller.tenant_id,
            id=migration_id,
            principal_id=caller.principal_id,
            state=MigrationState.BUILDING,
            source_spec=planned.source.spec,
            source_parameters=planned.source.parameters,
            target_spec=planned.target.spec.key,
            target_parameters=planned.parameters,
            soak_seconds=default if wish.soak_seconds is None else wish.soak_seconds,
            budget_micros=wish.budget_micros,
            is_canary=wish.is_canary,
            is_automatic=wish.is_automatic,
            judgements={each.question_id: list(each.document_ids) for each in wish.judgements},
            plan=asdict(planned.plan),
            created_at=now,
            updated_at=now,
        )
        async with self.ledger.write() as uow:
            await uow.tenants.lock(caller.tenant_id)
            if other := await uow.migrations.under_way(caller.tenant_id):
                raise MigrationInProgress(f"Migration {other.id} to {other.target_spec} is {other.state}.")
            await uow.migrations.add(migration)
            await uow.refusals.forget(caller.tenant_id, migration.target_spec)
            await uow.dispatches.add(dispatch_of(migration))
        return migration

    async def _planned(self, caller: Caller, wish: MigrationWish) -> Planned:
        planned = await self.planner.plan(caller.tenant_id, wish)
        if wish.budget_micros is not None and planned.plan.cost_micros > wish.budget_micros:
            raise MigrationOverBudget(
                f"It would cost {planned.plan.cost_micros} millionths, {wish.budget_micros} are allowed."
            )
        return planned

    async def get(self, caller: Caller, migration_id: Id) -> Standing:
        """Raises MigrationNotFound."""
        async with self.ledger.read() as uow:
            return await _standing(uow, await _known(uow, caller.tenant_id, migration_id))

    async def page(self, caller: Caller, after: PageCursor | None, limit: int) -> Sequence[Migration]:
        """Newest first."""
        async with self.ledger.read() as uow:
            return await uow.migrations.page(caller.tenant_id, after, limit)

    async def move(
        self,
        caller: Caller,
        migration_id: Id,
        move: MigrationMove,
        budget_micros: int | None = None,
        *,
        despite_refused: bool = False,
    ) -> Standing:
        """Ask something of a migration; asked twice, it counts once. Raises MigrationNotFound, IllegalMigrationMove;
        TextsRefused for a rollback by which texts would be lost, unless it is ``despite_refused``.

        ``budget_micros``: with `resume`, what it may cost from now on; None: as before.
        A rollback is done here, in one commit, where the replaced build has applied every commit.
        """
        async with self.ledger.write() as uow:
            await uow.tenants.lock(caller.tenant_id)
            migration = await _known(uow, caller.tenant_id, migration_id)
            is_asked = migration.move is move and migration.state not in ALLOWED[move]
            if is_asked or migration.state in DONE.get(move, ()):
                return await _standing(uow, migration)
            if migration.state not in ALLOWED[move]:
                raise IllegalMigrationMove(f"A migration that is {migration.state} takes no {move}.")
            moved = replace(_moved(migration, move, budget_micros), updated_at=self.clock.now())
            is_back = move is MigrationMove.ROLLBACK
            if is_back:
                moved = replace(moved, despite_refused=despite_refused)
            if is_back and await _taken_back(uow, migration, despite_refused=despite_refused):
                moved = replace(moved, state=MigrationState.ROLLED_BACK)
            await uow.migrations.update(moved)
            # Whoever ended its workflow by hand left the tenant with a migration that nothing ends.
            await uow.dispatches.renew(replace(dispatch_of(moved), created_at=moved.updated_at, again=True))
            return await _standing(uow, moved)


def _moved(migration: Migration, move: MigrationMove, budget_micros: int | None) -> Migration:
    match move:
        case MigrationMove.PAUSE:
            return replace(migration, is_paused=True)
        case MigrationMove.RESUME:
            budget = migration.budget_micros if budget_micros is None else budget_micros
            return replace(migration, is_paused=False, code="", budget_micros=budget)
        case _:
            return replace(migration, move=move, is_paused=False, code="")


async def _taken_back(uow: UnitOfWork, migration: Migration, *, despite_refused: bool) -> bool:
    """Whether the replaced build serves again: only if it has applied every commit.

    Raises IllegalMigrationMove, TextsRefused.
    """
    builds = await uow.builds.list(migration.tenant_id)
    own = next((build for build in builds if build.id == migration.id), None)
    before = replaced_by(builds, migration.id)
    if own is None or own.state is not BuildState.ACTIVE or before is None:
        raise IllegalMigrationMove("What it replaced is there no more: the index was made anew since.")
    if not despite_refused:
        await refuse_to_lose(uow, before, own)
    if before.seq != await uow.tenants.seq(migration.tenant_id):
        return False
    await serve_again(uow, before, own)
    return True


def replaced_by(builds: Sequence[IndexBuild], build_id: Id) -> IndexBuild | None:
    """The vector build that served before this one, while it soaks."""
    own = next((build for build in builds if build.id == build_id), None)
    soaking = [
        build
        for build in builds
        if own is not None
        and build.kind is BuildKind.VECTOR
        and build.state is BuildState.SOAKING
        and build.number < own.number
    ]
    return max(soaking, key=lambda build: max(build.served_from, default=0), default=None)


async def _known(uow: UnitOfWork, tenant_id: Id, migration_id: Id) -> Migration:
    migration = await uow.migrations.get(tenant_id, migration_id)
    if migration is None:
        raise MigrationNotFound
    return migration


async def _standing(uow: UnitOfWork, migration: Migration) -> Standing:
    if migration.state not in UNDER_WAY:
        return Standing(migration, 0)
    builds = await uow.builds.list(migration.tenant_id)
    is_before = migration.state in BEFORE_CUTOVER
    own = next((build for build in builds if build.id == migration.id), None)
    follower = own if is_before else replaced_by(builds, migration.id)
    if follower is None or follower.state not in {BuildState.BUILDING, BuildState.SOAKING}:
        return Standing(migration, 0)
    return Standing(migration, max(0, await uow.tenants.seq(migration.tenant_id) - follower.seq))


def dispatch_of(migration: Migration) -> Dispatch:
    """What starts its workflow."""
    kind = DispatchKind.MIGRATE_EMBEDDINGS
    workflow_id = dispatch_id(kind, migration.tenant_id, migration.id)
    return Dispatch(migration.tenant_id, workflow_id, kind, migration.id, migration.created_at)
