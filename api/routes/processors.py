"""Outside processors: which of them the tenant lets have its texts, and who decided so."""

from typing import Annotated, Final

from fastapi import APIRouter, Query

from api.dependencies import ServicesDep
from api.schemas.base import Page, PageQuery
from api.schemas.processors import PolicyChangeOut, PolicyIn, PolicyOut
from api.security import Admin

router = APIRouter(prefix="/v1/tenant/processors", tags=["processors"])

_LISTING: Final = "processor-policies"


@router.get("")
async def read_policy(caller: Admin, services: ServicesDep) -> PolicyOut:
    """Which outside providers may be sent the tenant's texts, and which this installation would call."""
    return PolicyOut.model_validate(await services.provider_policy.get(caller))


@router.put("")
async def change_policy(wish: PolicyIn, caller: Admin, services: ServicesDep) -> PolicyOut:
    """Allow outside providers, from the next call on.

    While the configured one is refused, documents become dead letters with the code `provider_not_allowed`, and
    questions are answered by their words alone, with that as the reason.
    """
    return PolicyOut.model_validate(await services.provider_policy.allow(caller, wish.allowed))


@router.get("/changes")
async def list_policy_changes(
    caller: Admin, services: ServicesDep, query: Annotated[PageQuery, Query()]
) -> Page[PolicyChangeOut]:
    """Who changed the policy, when, and to what, newest first."""
    after = await services.cursors.position(caller.tenant_id, _LISTING, query.cursor)
    changes = await services.provider_policy.changes(caller, after, query.limit + 1)
    items = [PolicyChangeOut.model_validate(change) for change in changes[: query.limit]]
    cursor = await services.cursors.behind(caller.tenant_id, _LISTING, changes, query.limit)
    return Page(items=items, next_cursor=cursor)
