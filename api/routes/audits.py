"""Audits: the ledger compared with the stores, on demand; the schedule does the same by the clock."""

from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Query, Response

from api.dependencies import AuditId, IdempotencyKey, ServicesDep
from api.dispatching import start_now
from api.idempotency import Attempt, tell_replay
from api.schemas.audits import AuditCountOut, AuditOut
from api.schemas.base import Page, PageQuery
from api.security import Admin
from api.services import Services
from lethe.errors import AuditNotFound
from lethe.model.audits import Audit, AuditState, AuditTrigger
from lethe.model.ids import Id, derived_id
from lethe.model.operations import Dispatch, DispatchKind
from lethe.model.workflow_ids import dispatch_id

router = APIRouter(prefix="/v1/audits", tags=["audits"])

_LISTING: Final = "audits"


@router.post("", status_code=202)
async def begin_audit(
    response: Response, caller: Admin, services: ServicesDep, idempotency_key: IdempotencyKey = None
) -> AuditOut:
    """Compare the tenant's index builds and blobs with the ledger, and put right what differs."""

    async def perform(effect_id: Id) -> AuditOut:
        now, audit_id = services.clock.now(), derived_id(effect_id, 0)
        audit = Audit(caller.tenant_id, audit_id, AuditState.RUNNING, AuditTrigger.REQUEST, now)
        async with services.ledger.write() as uow:
            made = await uow.audits.get(caller.tenant_id, audit_id)
            if made is None:
                await uow.audits.add(audit)
                await uow.dispatches.add(_dispatch(audit))
        return _audit_out(made or audit, [])

    attempt = Attempt(caller, idempotency_key, ("audits",), 202)
    begun, is_repeated = await services.idempotency.once_as(attempt, AuditOut, perform)
    tell_replay(response, is_repeated=is_repeated)
    if is_repeated:
        return await _read(services, caller.tenant_id, begun.id)
    await start_now(services, caller.tenant_id, DispatchKind.AUDIT_TENANT, begun.id)
    response.headers["Location"] = f"{router.prefix}/{begun.id}"
    return begun


@router.get("")
async def list_audits(caller: Admin, services: ServicesDep, query: Annotated[PageQuery, Query()]) -> Page[AuditOut]:
    """The tenant's audits, newest first."""
    after = await services.cursors.position(caller.tenant_id, _LISTING, query.cursor)
    async with services.ledger.read() as uow:
        audits = await uow.audits.page(caller.tenant_id, after, query.limit + 1)
    items = await _opened(services, caller.tenant_id, audits[: query.limit])
    cursor = await services.cursors.behind(caller.tenant_id, _LISTING, audits, query.limit)
    return Page(items=items, next_cursor=cursor)


@router.get("/{audit_id}")
async def read_audit(caller: Admin, services: ServicesDep, audit_id: AuditId) -> AuditOut:
    """One audit and what it found."""
    return await _read(services, caller.tenant_id, audit_id)


async def _read(services: Services, tenant_id: Id, audit_id: Id) -> AuditOut:
    async with services.ledger.read() as uow:
        audit = await uow.audits.get(tenant_id, audit_id)
    if audit is None:
        raise AuditNotFound
    return (await _opened(services, tenant_id, [audit]))[0]


async def _opened(services: Services, tenant_id: Id, audits: Sequence[Audit]) -> list[AuditOut]:
    async with services.ledger.read() as uow:
        counts = await uow.audits.counts(tenant_id, [audit.id for audit in audits])
    return [
        _audit_out(audit, [AuditCountOut.model_validate(each) for each in counts if each.audit_id == audit.id])
        for audit in audits
    ]


def _dispatch(audit: Audit) -> Dispatch:
    kind = DispatchKind.AUDIT_TENANT
    return Dispatch(audit.tenant_id, dispatch_id(kind, audit.tenant_id, audit.id), kind, audit.id, audit.created_at)


def _audit_out(audit: Audit, counts: list[AuditCountOut]) -> AuditOut:
    return AuditOut(
        id=audit.id,
        state=audit.state,
        trigger=audit.trigger,
        created_at=audit.created_at,
        ended_at=audit.ended_at,
        workflow_id=dispatch_id(DispatchKind.AUDIT_TENANT, audit.tenant_id, audit.id),
        counts=counts,
    )
