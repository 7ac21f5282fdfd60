"""Migrations: another embedding model for a tenant's index, or another way to keep it, while it serves."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Response

from api.dependencies import IdempotencyKey, MigrationId, ServicesDep
from api.dispatching import look_at_migration, start_now
from api.idempotency import Attempt, tell_replay
from api.schemas.base import Page, PageQuery
from api.schemas.migrations import MigrationIn, MigrationOut, MigrationPlanOut, migration_out, standing_out
from api.security import Admin
from api.services import Services
from lethe.model.ids import Id, derived_id
from lethe.model.migrations import MigrationMove
from lethe.model.operations import DispatchKind
from lethe.model.principals import Caller

router = APIRouter(prefix="/v1/migrations", tags=["migrations"])

_LISTING: Final = "migrations"


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
    return MigrationPlanOut.model_validate(await services.migrations.plan(caller, wish.wish()))


@router.get("")
async def list_migrations(
    caller: Admin, services: ServicesDep, query: Annotated[PageQuery, Query()]
) -> Page[MigrationOut]:
    """The tenant's migrations, newest first."""
    after = await services.cursors.position(caller.tenant_id, _LISTING, query.cursor)
    found = await services.migrations.page(caller, after, query.limit + 1)
    items = [migration_out(each) for each in found[: query.limit]]
    cursor = None
    if len(found) > query.limit:
        cursor = await services.cursors.after(caller.tenant_id, _LISTING, items[-1].created_at, items[-1].id)
    return Page(items=items, next_cursor=cursor)


@router.get("/{migration_id}")
async def read_migration(caller: Admin, services: ServicesDep, migration_id: MigrationId) -> MigrationOut:
    """One migration, how far it is, and what was found."""
    return await _read(services, caller, migration_id)


@router.post("/{migration_id}/pause")
async def pause_migration(
    caller: Admin, services: ServicesDep, migration_id: MigrationId, idempotency_key: IdempotencyKey = None
) -> MigrationOut:
    """Leave it as it is after the step that runs."""
    return await _moved(services, caller, migration_id, MigrationMove.PAUSE)


@router.post("/{migration_id}/resume")
async def resume_migration(
    caller: Admin, services: ServicesDep, migration_id: MigrationId, idempotency_key: IdempotencyKey = None
) -> MigrationOut:
    """Go on after a pause."""
    return await _moved(services, caller, migration_id, MigrationMove.RESUME)


@router.post("/{migration_id}/cutover")
async def cut_over(
    caller: Admin, services: ServicesDep, migration_id: MigrationId, idempotency_key: IdempotencyKey = None
) -> MigrationOut:
    """Let the build serve that waits for it."""
    return await _moved(services, caller, migration_id, MigrationMove.CUTOVER)


@router.post("/{migration_id}/rollback")
async def roll_back(
    caller: Admin, services: ServicesDep, migration_id: MigrationId, idempotency_key: IdempotencyKey = None
) -> MigrationOut:
    """Let the replaced build serve again: at once where it has applied every commit, else as soon as it has."""
    return await _moved(services, caller, migration_id, MigrationMove.ROLLBACK)


@router.post("/{migration_id}/finish")
async def finish_migration(
    caller: Admin, services: ServicesDep, migration_id: MigrationId, idempotency_key: IdempotencyKey = None
) -> MigrationOut:
    """End the soak: the replaced build is dropped, and there is no way back any more."""
    return await _moved(services, caller, migration_id, MigrationMove.FINISH)


@router.post("/{migration_id}/abort")
async def abort_migration(
    caller: Admin, services: ServicesDep, migration_id: MigrationId, idempotency_key: IdempotencyKey = None
) -> MigrationOut:
    """Give the build up before it serves, and drop it."""
    return await _moved(services, caller, migration_id, MigrationMove.ABORT)


async def _moved(services: Services, caller: Caller, migration_id: Id, move: MigrationMove) -> MigrationOut:
    standing = await services.migrations.move(caller, migration_id, move)
    await look_at_migration(services, caller.tenant_id, migration_id)
    return standing_out(standing, services.migrations.lag_seconds)


async def _read(services: Services, caller: Caller, migration_id: Id) -> MigrationOut:
    return standing_out(await services.migrations.get(caller, migration_id), services.migrations.lag_seconds)
