"""What an erasure is not sure of: read, and decided on."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query

from api.dependencies import ErasureId, ServicesDep
from api.schemas.base import Page, PageQuery
from api.schemas.erasure_findings import ErasureFindingOut, VerdictIn
from api.security import Officer
from lethe.errors import ErasureFindingNotFound, WorkflowsUnavailable
from lethe.ingestion.rights import reachable
from lethe.model.ids import Id, is_id
from lethe.model.principals import Caller
from lethe.ports.ledger import Ledger
from lethe.privacy.erasure.review import ReviewFinding

router = APIRouter(tags=["erasures"])

_log: Final = logging.getLogger(__name__)


def _version_id(version_id: Annotated[str, Path()]) -> Id:
    if not is_id(version_id):
        raise ErasureFindingNotFound
    return version_id


@router.get("/v1/erasures/{erasure_id}/findings")
async def list_erasure_findings(
    caller: Officer, services: ServicesDep, erasure_id: ErasureId, query: Annotated[PageQuery, Query()]
) -> Page[ErasureFindingOut]:
    """Versions that wait for a verdict, and why they look like the person's: in words for who may read them."""
    listing = f"erasure_findings:{erasure_id}"
    after = await services.cursors.position(caller.tenant_id, listing, query.cursor)
    found = await services.reviews.page(caller.tenant_id, erasure_id, after.id if after else None, query.limit + 1)
    shown = await as_readable(services.ledger, caller, found[: query.limit])
    items = [ErasureFindingOut.model_validate(each) for each in shown]
    cursor = None
    if len(found) > query.limit:
        cursor = await services.cursors.after(caller.tenant_id, listing, items[-1].decide_by, items[-1].version_id)
    return Page(items=items, next_cursor=cursor)


async def as_readable(ledger: Ledger, caller: Caller, found: Sequence[ReviewFinding]) -> list[ReviewFinding]:
    """The right to erase is no right to read: of other documents it is told why, and where, without the words."""
    async with ledger.read() as uow:
        allowed = await reachable(uow, caller, {each.document_id for each in found if each.document_id})
    return [
        each
        if each.document_id in allowed
        else replace(each, passages=tuple(replace(passage, text="") for passage in each.passages))
        for each in found
    ]


@router.post("/v1/erasures/{erasure_id}/findings/{version_id}")
async def decide_erasure_finding(
    caller: Officer,
    services: ServicesDep,
    erasure_id: ErasureId,
    version_id: Annotated[Id, Depends(_version_id)],
    wish: VerdictIn,
) -> ErasureFindingOut:
    """Say whether a version is about the person. The same verdict may be given again."""
    finding = await services.reviews.decide(caller.tenant_id, erasure_id, version_id, wish.verdict)
    try:
        await services.workflows.look_at_erasure(caller.tenant_id, erasure_id)
    except WorkflowsUnavailable as error:
        # What is not told the workflow now, it reads in the ledger before its next step.
        _log.warning("erasure not told", extra={"ref": erasure_id, "code": error.code})
    return ErasureFindingOut.model_validate(finding)
