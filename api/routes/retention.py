"""How long the tenant keeps what; removals of what is past its time, on demand. The schedule does the same nightly."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Response

from api.dependencies import IdempotencyKey, RetentionRunId, ServicesDep
from api.dispatching import start_now
from api.idempotency import Attempt, tell_replay
from api.schemas.base import Page, PageQuery
from api.schemas.retention import (
    DaysOut,
    RetentionIn,
    RetentionOut,
    RetentionRunIn,
    RetentionRunOut,
    retention_run_out,
)
from api.security import Admin
from lethe.ingestion.retaining import Days
from lethe.model.ids import Id, derived_id
from lethe.model.operations import DispatchKind
from lethe.model.retention import RetentionPolicy

router = APIRouter(prefix="/v1/retention", tags=["retention"])

_LISTING: Final = "retention-runs"


@router.get("")
async def read_retention(caller: Admin, services: ServicesDep) -> RetentionOut:
    """How long the tenant keeps documents, questions and dead letters."""
    return _out(*await services.retention.get(caller))


@router.put("")
async def change_retention(wish: RetentionIn, caller: Admin, services: ServicesDep) -> RetentionOut:
    """Say how long, from the next removal on; `POST /v1/retention/runs` with `dry_run` tells what that would remove."""
    policy = RetentionPolicy(
        caller.tenant_id, **wish.model_dump(), changed_by=caller.principal_id, changed_at=services.clock.now()
    )
    return _out(*await services.retention.put(caller, policy))


@router.post("/runs", status_code=202)
async def begin_retention_run(
    wish: RetentionRunIn,
    response: Response,
    caller: Admin,
    services: ServicesDep,
    idempotency_key: IdempotencyKey = None,
) -> RetentionRunOut:
    """Count what is past its time, and remove it if told so. What is restricted or held stays."""

    async def perform(effect_id: Id) -> RetentionRunOut:
        run = await services.retention.order(caller, derived_id(effect_id, 0), dry_run=wish.dry_run)
        return retention_run_out(run, [])

    attempt = Attempt(caller, idempotency_key, ("retention", wish.model_dump_json()), 202)
    begun, is_repeated = await services.idempotency.once_as(attempt, RetentionRunOut, perform)
    tell_replay(response, is_repeated=is_repeated)
    response.headers["Location"] = f"{router.prefix}/runs/{begun.id}"
    if not is_repeated:
        await start_now(services, caller.tenant_id, DispatchKind.APPLY_RETENTION, begun.id)
    return retention_run_out(*await services.retention.run(caller, begun.id))


@router.get("/runs")
async def list_retention_runs(
    caller: Admin, services: ServicesDep, query: Annotated[PageQuery, Query()]
) -> Page[RetentionRunOut]:
    """The tenant's removals, newest first."""
    after = await services.cursors.position(caller.tenant_id, _LISTING, query.cursor)
    runs = await services.retention.page(caller, after, query.limit + 1)
    items = [retention_run_out(run, counts) for run, counts in runs[: query.limit]]
    cursor = await services.cursors.behind(caller.tenant_id, _LISTING, [run for run, _ in runs], query.limit)
    return Page(items=items, next_cursor=cursor)


@router.get("/runs/{run_id}")
async def read_retention_run(caller: Admin, services: ServicesDep, run_id: RetentionRunId) -> RetentionRunOut:
    """One removal and what it found."""
    return retention_run_out(*await services.retention.run(caller, run_id))


def _out(policy: RetentionPolicy, days: Days) -> RetentionOut:
    return RetentionOut(
        document_days=policy.document_days,
        question_days=policy.question_days,
        dead_letter_days=policy.dead_letter_days,
        changed_by=policy.changed_by,
        changed_at=policy.changed_at,
        in_force=DaysOut.model_validate(days),
    )
