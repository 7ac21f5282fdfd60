"""What the tenant's questions and documents had outside models do, and what that cost."""

from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query

from api.dependencies import ServicesDep
from api.schemas.usage import UsageOut, UsagePage, UsageQuery
from api.security import Admin

router = APIRouter(prefix="/v1/usage", tags=["usage"])

_SPAN: Final = timedelta(days=30)


@router.get("")
async def read_usage(caller: Admin, services: ServicesDep, query: Annotated[UsageQuery, Query()]) -> UsagePage:
    """Calls, tokens and cost by principal, operation and model."""
    until = query.until or services.clock.now()
    since = query.since or until - _SPAN
    async with services.ledger.read() as uow:
        rows = await uow.processor_calls.usage(caller.tenant_id, since, until, query.principal_id)
    return UsagePage(since=since, until=until, items=[UsageOut.model_validate(row) for row in rows])
