"""Sources: where documents are taken from by themselves."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Response

from api.dependencies import IdempotencyKey, ServicesDep, SourceId
from api.dispatching import start_again
from api.idempotency import Attempt, tell_replay
from api.schemas.base import Page, PageQuery
from api.schemas.sources import DeleteQuery, FiltersIn, ScheduleIn, SourceChange, SourceFields, SourceIn, SourceOut
from api.security import Admin, Writer
from api.source_views import source_out
from lethe.ingestion.sync.registry import SourceWish
from lethe.model.ids import Id, derived_id
from lethe.model.operations import DispatchKind
from lethe.model.schedules import Timing
from lethe.model.sources import SourceFilters
from lethe.model.syncs import Decision

router = APIRouter(prefix="/v1/sources", tags=["sources"])

_LISTING: Final = "sources"


@router.post("", status_code=201)
async def create_source(
    wish: SourceIn, response: Response, caller: Admin, services: ServicesDep, idempotency_key: IdempotencyKey = None
) -> SourceOut:
    """Register a source. Nothing is taken from it before its schedule says so, or somebody orders a round."""

    async def perform(effect_id: Id) -> SourceOut:
        said = _wish(wish, wish.name)
        made = await services.sources.create(caller, wish.kind, wish.address, said, derived_id(effect_id, 0))
        return source_out(made)

    attempt = Attempt(caller, idempotency_key, ("sources", wish.model_dump_json()), 201)
    made, is_repeated = await services.idempotency.once_as(attempt, SourceOut, perform)
    tell_replay(response, is_repeated=is_repeated)
    if not is_repeated:
        await start_again(services, caller.tenant_id, DispatchKind.ARRANGE_SOURCE, made.id)
    return made


@router.get("")
async def list_sources(caller: Writer, services: ServicesDep, query: Annotated[PageQuery, Query()]) -> Page[SourceOut]:
    """The tenant's sources, newest first."""
    after = await services.cursors.position(caller.tenant_id, _LISTING, query.cursor)
    found = await services.sources.page(caller, after, query.limit + 1)
    shown = found[: query.limit]
    cursor = await services.cursors.behind(caller.tenant_id, _LISTING, [view.source for view in found], query.limit)
    return Page(items=[source_out(view) for view in shown], next_cursor=cursor)


@router.get("/{source_id}")
async def get_source(caller: Writer, services: ServicesDep, source_id: SourceId) -> SourceOut:
    """A source."""
    return source_out(await services.sources.get(caller, source_id))


@router.patch("/{source_id}")
async def change_source(change: SourceChange, caller: Admin, services: ServicesDep, source_id: SourceId) -> SourceOut:
    """Say otherwise what is sent. Readers, purpose and basis are brought to its documents at once, without reading them
    again; a pause of its schedule stays.
    """
    sent = change.model_fields_set

    def changed(before: SourceWish) -> SourceWish:
        wish = _wish(change, change.name)
        kept = {name: getattr(before, name) for name, field in _FIELDS.items() if field not in sent}
        return SourceWish(**{name: getattr(wish, name) for name in _FIELDS} | kept)

    view, is_remapped = await services.sources.change(caller, source_id, changed)
    await start_again(services, caller.tenant_id, DispatchKind.ARRANGE_SOURCE, source_id)
    if is_remapped:
        await start_again(services, caller.tenant_id, DispatchKind.SYNC_SOURCE, source_id)
    return source_out(view)


@router.delete("/{source_id}", status_code=202)
async def delete_source(
    caller: Admin, services: ServicesDep, source_id: SourceId, query: Annotated[DeleteQuery, Query()]
) -> SourceOut:
    """Remove a source, its schedule and its rounds; its documents go with it or stay, as `documents` says."""
    deletes = query.documents is Decision.DELETE
    view = await services.sources.delete(caller, source_id, deletes_documents=deletes)
    for kind in (DispatchKind.ARRANGE_SOURCE, DispatchKind.SYNC_SOURCE):
        await start_again(services, caller.tenant_id, kind, source_id)
    return source_out(view)


_FIELDS: Final = {
    "name": "name",
    "credentials": "credentials",
    "filters": "filters",
    "timing": "schedule",
    "readers": "readers",
    "purpose": "purpose",
    "legal_basis": "legal_basis",
    "overdue_seconds": "overdue_after_seconds",
    "retention_days": "retention_days",
}
"""What a wish calls each field on the wire."""


def _wish(sent: SourceFields, name: str) -> SourceWish:
    return SourceWish(
        name=name,
        credentials=sent.credentials,
        filters=_filters(sent.filters),
        timing=_timing(sent.schedule),
        readers=None if sent.readers is None else tuple(sent.readers),
        purpose=sent.purpose,
        legal_basis=sent.legal_basis,
        overdue_seconds=sent.overdue_after_seconds,
        retention_days=sent.retention_days,
    )


def _filters(sent: FiltersIn) -> SourceFilters:
    return SourceFilters(tuple(sent.include), tuple(sent.exclude), sent.max_item_bytes, sent.max_items)


def _timing(sent: ScheduleIn | None) -> Timing | None:
    if sent is None:
        return None
    return Timing(sent.every_seconds, sent.cron or "", sent.jitter_seconds, sent.catch_up_seconds)
