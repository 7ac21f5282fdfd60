"""Forgetting a person: asked for, approved, held, released, cancelled, and looked at."""

import logging
from collections.abc import Awaitable
from typing import Annotated, Final

from fastapi import APIRouter, Body, Query, Response

from api.dependencies import ErasureId, IdempotencyKey, ServicesDep
from api.dispatching import start_now
from api.idempotency import Attempt, tell_replay
from api.schemas.base import OpaqueId, Page
from api.schemas.erasures import (
    ErasureBegun,
    ErasureIn,
    ErasureOut,
    ErasureQuery,
    HoldIn,
    SuppressionIn,
    SuppressionsLifted,
    UserErasureIn,
)
from api.security import Officer
from api.services import Services
from lethe.errors import WorkflowsUnavailable
from lethe.model.erasures import IdentifierKind
from lethe.model.ids import Id, derived_id
from lethe.model.operations import DispatchKind
from lethe.model.principals import Caller
from lethe.privacy.erasure.intake import ErasureView, ErasureWish

router = APIRouter(tags=["erasures"])

_LISTING: Final = "erasures"
_log: Final = logging.getLogger(__name__)


@router.post("/v1/erasures", status_code=202)
async def begin_erasure(
    wish: ErasureIn, response: Response, caller: Officer, services: ServicesDep, idempotency_key: IdempotencyKey = None
) -> ErasureBegun:
    """Forget a person everywhere. From this answer on nothing of them is served, unless it waits for an approval."""
    return await _begin(services, caller, response, wish.wish, ("erasures", wish.model_dump_json()), idempotency_key)


@router.delete("/v1/users/{user_id}/data", status_code=202)
async def erase_user(
    user_id: OpaqueId,
    response: Response,
    caller: Officer,
    services: ServicesDep,
    wish: Annotated[UserErasureIn | None, Body()] = None,
    idempotency_key: IdempotencyKey = None,
) -> ErasureBegun:
    """Forget a user of the tenant: the principal with this id, and whoever the identifiers name."""
    said = wish or UserErasureIn()
    named = ((IdentifierKind.PRINCIPAL, user_id), *((each.kind, each.value) for each in said.identifiers))
    asked = ErasureWish(tuple(dict.fromkeys(named)), said.basis, said.reason)
    request = ("users", user_id, said.model_dump_json())
    return await _begin(services, caller, response, asked, request, idempotency_key)


@router.get("/v1/erasures")
async def list_erasures(
    caller: Officer, services: ServicesDep, query: Annotated[ErasureQuery, Query()]
) -> Page[ErasureOut]:
    """The tenant's erasures, newest first."""
    listing = f"{_LISTING}:{query.state or ''}"
    after = await services.cursors.position(caller.tenant_id, listing, query.cursor)
    states = [query.state] if query.state else []
    views = await services.erasures.page(caller, states, after, query.limit + 1)
    items = [ErasureOut.of(view) for view in views[: query.limit]]
    cursor = await services.cursors.behind(caller.tenant_id, listing, [view.request for view in views], query.limit)
    return Page(items=items, next_cursor=cursor)


@router.get("/v1/erasures/{erasure_id}")
async def read_erasure(caller: Officer, services: ServicesDep, erasure_id: ErasureId) -> ErasureOut:
    """How far an erasure is, store by store."""
    return ErasureOut.of(await services.erasures.get(caller, erasure_id))


@router.post("/v1/erasures/{erasure_id}/approve")
async def approve_erasure(caller: Officer, services: ServicesDep, erasure_id: ErasureId) -> ErasureOut:
    """Let an erasure of many documents begin; not by whoever asked for it."""
    return await _decided(services, caller, services.erasures.approve(caller, erasure_id))


@router.post("/v1/erasures/{erasure_id}/hold")
async def hold_erasure(caller: Officer, services: ServicesDep, erasure_id: ErasureId, wish: HoldIn) -> ErasureOut:
    """Destroy nothing more until it is released; what is hidden stays hidden."""
    return await _decided(services, caller, services.erasures.hold(caller, erasure_id, wish.reason))


@router.post("/v1/erasures/{erasure_id}/release")
async def release_erasure(caller: Officer, services: ServicesDep, erasure_id: ErasureId) -> ErasureOut:
    """End the hold: the erasure goes on where it was."""
    return await _decided(services, caller, services.erasures.release(caller, erasure_id))


@router.post("/v1/erasures/{erasure_id}/cancel")
async def cancel_erasure(caller: Officer, services: ServicesDep, erasure_id: ErasureId) -> ErasureOut:
    """Give up an erasure that has destroyed nothing yet: what it hid is shown again."""
    return await _decided(services, caller, services.erasures.cancel(caller, erasure_id))


@router.delete("/v1/suppressions")
async def lift_suppressions(
    wish: SuppressionIn,
    response: Response,
    caller: Officer,
    services: ServicesDep,
    idempotency_key: IdempotencyKey = None,
) -> SuppressionsLifted:
    """Let somebody who was erased come back, by a new consent of theirs; the log keeps that it was done."""

    async def perform(effect_id: Id) -> SuppressionsLifted:
        lifting_id = derived_id(effect_id, 0)
        identifiers = [(each.kind.value, each.value) for each in wish.identifiers]
        lifted = await services.lifting.lift(caller, identifiers, wish.reason, lifting_id)
        return SuppressionsLifted(id=lifting_id, lifted=lifted)

    attempt = Attempt(caller, idempotency_key, ("suppressions", wish.model_dump_json()), 200)
    lifted, is_repeated = await services.idempotency.once_as(attempt, SuppressionsLifted, perform)
    tell_replay(response, is_repeated=is_repeated)
    return lifted


async def _begin(
    services: Services,
    caller: Caller,
    response: Response,
    wish: ErasureWish,
    request: tuple[str, ...],
    idempotency_key: str | None,
) -> ErasureBegun:
    async def perform(effect_id: Id) -> ErasureOut:
        return ErasureOut.of(await services.erasures.begin(caller, wish, derived_id(effect_id, 0)))

    attempt = Attempt(caller, idempotency_key, request, 202)
    begun, is_repeated = await services.idempotency.once_as(attempt, ErasureOut, perform)
    tell_replay(response, is_repeated=is_repeated)
    response.headers["Location"] = f"/v1/erasures/{begun.id}"
    if is_repeated:
        begun = ErasureOut.of(await services.erasures.get(caller, begun.id))
    else:
        await start_now(services, caller.tenant_id, DispatchKind.ERASE_SUBJECT, begun.id)
    # Not within what is remembered of the request: it is forgotten before that is.
    return ErasureBegun(**begun.model_dump(), nonce=await services.erasures.nonce(caller, begun.id))


async def _decided(services: Services, caller: Caller, deciding: Awaitable[ErasureView]) -> ErasureOut:
    """What is not told the workflow now, it reads in the ledger before its next step."""
    view = await deciding
    try:
        await services.workflows.look_at_erasure(caller.tenant_id, view.request.id)
    except WorkflowsUnavailable as error:
        _log.warning("erasure not told", extra={"ref": view.request.id, "code": error.code})
    return ErasureOut.of(view)
