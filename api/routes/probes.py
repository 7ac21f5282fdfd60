"""Whether the embedding model still gives the vectors it gave. The schedule asks every night."""

from fastapi import APIRouter

from api.dependencies import IdempotencyKey, ServicesDep
from api.dispatching import start_now
from api.idempotency import Attempt
from api.schemas.probes import ProbeBegunOut, ProbeOut, ProbesOut, QualityOut
from api.security import Admin
from api.services import Services
from lethe.model.ids import Id, derived_id
from lethe.model.operations import Dispatch, DispatchKind
from lethe.model.workflow_ids import dispatch_id

router = APIRouter(prefix="/v1/probes", tags=["probes"])


@router.get("")
async def list_probes(caller: Admin, services: ServicesDep) -> ProbesOut:
    """What the last probe of each of the tenant's models found."""
    return await _shown(services, caller.tenant_id)


@router.post("", status_code=202)
async def begin_probe(caller: Admin, services: ServicesDep, idempotency_key: IdempotencyKey = None) -> ProbeBegunOut:
    """Embed texts again now. Vectors as before let the writing go on; others stop it."""
    kind, tenant_id = DispatchKind.PROBE_EMBEDDINGS, caller.tenant_id

    async def perform(effect_id: Id) -> ProbeBegunOut:
        ref = derived_id(effect_id, 0)
        workflow_id = dispatch_id(kind, tenant_id, ref)
        async with services.ledger.write() as uow:
            await uow.dispatches.add(Dispatch(tenant_id, workflow_id, kind, ref, services.clock.now()))
        return ProbeBegunOut(workflow_id=workflow_id)

    attempt = Attempt(caller, idempotency_key, ("probes",), 202)
    begun, is_repeated = await services.idempotency.once_as(attempt, ProbeBegunOut, perform)
    if not is_repeated:
        await start_now(services, tenant_id, kind, begun.workflow_id.rpartition("/")[2])
    return begun


@router.delete("/stops")
async def lift_stops(caller: Admin, services: ServicesDep) -> ProbesOut:
    """Let vectors be written again though the model changed. The next probe stops them, unless it finds them as before.

    What was embedded by the changed model stays beside the rest, and is found as badly. To embed everything anew, raise
    the model's revision in the settings and migrate to it instead.
    """
    async with services.ledger.write() as uow:
        await uow.tenants.lock(caller.tenant_id)
        await uow.probes.lift(caller.tenant_id)
    return await _shown(services, caller.tenant_id)


async def _shown(services: Services, tenant_id: Id) -> ProbesOut:
    async with services.ledger.read() as uow:
        probes = await uow.probes.all(tenant_id)
        quality = await uow.probes.quality(tenant_id)
    return ProbesOut(
        items=[ProbeOut.model_validate(each) for each in probes],
        quality=QualityOut.model_validate(quality) if quality else None,
    )
