"""Deleting and updating many documents at once, by one durable workflow each."""

from fastapi import APIRouter, Response

from api.dependencies import IdempotencyKey, SelectionId, ServicesDep
from api.dispatching import start_now
from api.idempotency import Attempt, tell_replay
from api.schemas.selections import SelectionIn, SelectionOut, UpdateIn, selection_out
from api.security import Reader, Writer
from api.services import Services
from lethe.ingestion.requests import MetadataPatch
from lethe.ingestion.selections import Description
from lethe.model.ids import Id, derived_id
from lethe.model.operations import DispatchKind
from lethe.model.selections import SelectionAction

router = APIRouter(tags=["documents"])


@router.post("/v1/documents/delete", status_code=202)
async def delete_documents(
    wish: SelectionIn, response: Response, caller: Writer, services: ServicesDep, idempotency_key: IdempotencyKey = None
) -> SelectionOut:
    """Delete every document that fits and that the caller may read."""
    attempt = Attempt(caller, idempotency_key, ("delete", wish.model_dump_json()), 202)
    return await _ordered(services, response, attempt, SelectionAction.DELETE, wish, MetadataPatch())


@router.post("/v1/documents/update", status_code=202)
async def update_documents(
    wish: UpdateIn, response: Response, caller: Writer, services: ServicesDep, idempotency_key: IdempotencyKey = None
) -> SelectionOut:
    """Change title, metadata, readers or classification of every document that fits and that the caller may read."""
    change = wish.set
    patch = MetadataPatch(
        title=change.title,
        metadata=change.metadata,
        readers=None if change.readers is None else tuple(change.readers),
        classification=change.classification,
    )
    attempt = Attempt(caller, idempotency_key, ("update", wish.model_dump_json()), 202)
    return await _ordered(services, response, attempt, SelectionAction.UPDATE, wish, patch)


@router.get("/v1/selections/{selection_id}")
async def read_selection(caller: Reader, services: ServicesDep, selection_id: SelectionId) -> SelectionOut:
    """How far a deletion or update of many documents is."""
    return selection_out(await services.selections.get(caller, selection_id))


async def _ordered(
    services: Services,
    response: Response,
    attempt: Attempt,
    action: SelectionAction,
    wish: SelectionIn,
    patch: MetadataPatch,
) -> SelectionOut:
    described = Description(
        ids=None if wish.ids is None else tuple(wish.ids),
        filter=wish.filter,
        source_prefix=wish.source_prefix,
        ingestion_id=wish.ingestion_id,
    )

    async def perform(effect_id: Id) -> SelectionOut:
        counted = SelectionAction.COUNT if wish.dry_run else action
        ordered_id = derived_id(effect_id, 0)
        return selection_out(await services.selections.order(attempt.caller, counted, described, patch, ordered_id))

    ordered, is_repeated = await services.idempotency.once_as(attempt, SelectionOut, perform)
    response.headers["Location"] = f"/v1/selections/{ordered.id}"
    selection = await services.selections.get(attempt.caller, ordered.id)
    tell_replay(response, is_repeated=is_repeated)
    if not is_repeated:
        await start_now(services, selection.tenant_id, DispatchKind.APPLY_SELECTION, selection.id)
    return selection_out(selection)
