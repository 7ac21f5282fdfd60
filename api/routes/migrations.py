"""Migrations: another embedding model for a tenant's index, or another way to keep it, while it serves."""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel

from api.dependencies import IdempotencyKey, MigrationId, ServicesDep
from api.dispatching import look_at_migration, start_now
from api.idempotency import Attempt, tell_replay
from api.schemas.base import Page, PageQuery
from api.schemas.migrations import (
    MigrationIn,
    MigrationOut,
    MigrationPlanOut,
    ResumeIn,
    RollbackIn,
    migration_out,
    standing_out,
)
from api.security import Admin
from api.services import Services
from lethe.model.ids import Id, derived_id
from lethe.model.migrations import MigrationMove
from lethe.model.operations import DispatchKind
from lethe.model.principals import Caller

router = APIRouter(prefix="/v1/migrations", tags=["migrations"])

_LISTING: Final = "migrations"


class _Done(BaseModel):
    """What a move did is read from the ledger; the key keeps it from being done again."""


@dataclass(frozen=True)
class _Steering:
    """What every request shares that asks something of one migration."""

    migration_id: MigrationId
    response: Response
    caller: Admin
    services: ServicesDep
    idempotency_key: IdempotencyKey = None

    async def ask(
        self, move: MigrationMove, budget_micros: int | None = None, *, despite_refused: bool = False
    ) -> MigrationOut:
        """Do it once, tell the workflow, and say how the migration stands."""
        caller, services, migration_id = self.caller, self.services, self.migration_id

        async def perform() -> _Done:
            await services.migrations.move(caller, migration_id, move, budget_micros, despite_refused=despite_refused)
            return _Done()

        request = ("migrations", move.value, migration_id, str(budget_micros), str(despite_refused))
        _, is_repeated = await services.idempotency.once(
            Attempt(caller, self.idempotency_key, request, 200), _Done, perform
        )
        tell_replay(self.response, is_repeated=is_repeated)
        if not is_repeated:
            await look_at_migration(services, caller.tenant_id, migration_id)
        return await _read(services, caller, migration_id)


Steering = Annotated[_Steering, Depends()]


@router.post("", status_code=202)
async def begin_migration(
    wish: MigrationIn, response: Response, caller: Admin, services: ServicesDep, idempotency_key: IdempotencyKey = None
) -> MigrationOut:
    """Build the tenant's index anew, check and judge it, and let it serve if it is good enough."""

    async def perform(effect_id: Id) -> MigrationOut:
        return migration_out(await services.migrations.begin(caller, wish.wish(), derived_id(effect_id, 0)))

    attempt = Attempt(caller, idempotency_key, ("migrations", wish.model_dump_json()), 202)
    begun, is_repeated = await services.idempotency.once_as(attempt, MigrationOut, perform)
    tell_replay(response, is_repeated=is_repeated)
    response.headers["Location"] = f"{router.prefix}/{begun.id}"
    if not is_repeated:
        await start_now(services, caller.tenant_id, DispatchKind.MIGRATE_EMBEDDINGS, begun.id)
    return await _read(services, caller, begun.id)


@router.post("/plan")
async def plan_migration(
    wish: MigrationIn, caller: Admin, services: ServicesDep, idempotency_key: IdempotencyKey = None
) -> MigrationPlanOut:
    """What such a migration would take; nothing is changed."""
    await services.idempotency.once(
        Attempt(caller, idempotency_key, ("plan", wish.model_dump_json()), 200), _Done, _done
    )
    return MigrationPlanOut.model_validate(await services.migrations.plan(caller, wish.wish()))


@router.get("")
async def list_migrations(
    caller: Admin, services: ServicesDep, query: Annotated[PageQuery, Query()]
) -> Page[MigrationOut]:
    """The tenant's migrations, newest first."""
    after = await services.cursors.position(caller.tenant_id, _LISTING, query.cursor)
    found = await services.migrations.page(caller, after, query.limit + 1)
    items = [migration_out(each) for each in found[: query.limit]]
    cursor = await services.cursors.behind(caller.tenant_id, _LISTING, found, query.limit)
    return Page(items=items, next_cursor=cursor)


@router.get("/{migration_id}")
async def read_migration(caller: Admin, services: ServicesDep, migration_id: MigrationId) -> MigrationOut:
    """One migration, how far it is, and what was found."""
    return await _read(services, caller, migration_id)


@router.post("/{migration_id}/pause")
async def pause_migration(steering: Steering) -> MigrationOut:
    """Leave it as it is after the step that runs."""
    return await steering.ask(MigrationMove.PAUSE)


@router.post("/{migration_id}/resume")
async def resume_migration(steering: Steering, wish: ResumeIn | None = None) -> MigrationOut:
    """Go on after a pause, with another budget if one is given."""
    return await steering.ask(MigrationMove.RESUME, wish.budget_micros if wish else None)


@router.post("/{migration_id}/cutover")
async def cut_over(steering: Steering) -> MigrationOut:
    """Let the build serve that waits for it."""
    return await steering.ask(MigrationMove.CUTOVER)


@router.post("/{migration_id}/rollback")
async def roll_back(steering: Steering, wish: RollbackIn | None = None) -> MigrationOut:
    """Let the replaced build serve again: at once where it has applied every commit, else as soon as it has."""
    return await steering.ask(MigrationMove.ROLLBACK, despite_refused=wish is not None and wish.despite_refused)


@router.post("/{migration_id}/finish")
async def finish_migration(steering: Steering) -> MigrationOut:
    """End the soak: the replaced build is dropped, and there is no way back any more."""
    return await steering.ask(MigrationMove.FINISH)


@router.post("/{migration_id}/abort")
async def abort_migration(steering: Steering) -> MigrationOut:
    """Give the build up before it serves, and drop it."""
    return await steering.ask(MigrationMove.ABORT)


async def _done() -> _Done:
    return _Done()


async def _read(services: Services, caller: Caller, migration_id: Id) -> MigrationOut:
    return standing_out(await services.migrations.get(caller, migration_id), services.migrations.lag_seconds)
