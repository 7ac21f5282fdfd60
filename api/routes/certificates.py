"""Certificates of erasures, and what one needs to check them."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Response

from api.dependencies import ErasureId, ServicesDep
from api.schemas.certificates import LogOut
from api.security import Officer, Reader

router = APIRouter(tags=["erasures"])

_DOCUMENT: Final = "application/json"


@router.get(
    "/v1/erasures/{erasure_id}/certificate",
    response_class=Response,
    responses={200: {"content": {_DOCUMENT: {"schema": {"type": "object"}}}}},
)
async def read_certificate(
    caller: Officer,
    services: ServicesDep,
    erasure_id: ErasureId,
    number: Annotated[int, Query(ge=0, le=10_000, description="0: the first; a release of what was held adds one")] = 0,
) -> Response:
    """The signed document, byte for byte; keep it as it is: `lethe verify-erasure` takes no other writing of it."""
    found = await services.certificates.get(caller.tenant_id, erasure_id, number)
    name = f"erasure-{erasure_id}-{number}.json"
    return Response(found.text, media_type=_DOCUMENT, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@router.get("/v1/log/checkpoint")
async def read_log(_caller: Reader, services: ServicesDep) -> LogOut:
    """The log of erasures as its witness last saw it, and the keys that certificates are checked with."""
    return LogOut.model_validate(await services.certificates.published())
