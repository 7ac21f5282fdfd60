"""A source as it is shown."""

from api.schemas.sources import FiltersOut, ScheduleOut, SourceOut
from lethe.ingestion.sync.registry import SourceView
from lethe.model.schedules import Timing


def source_out(view: SourceView) -> SourceOut:
    source, spec = view.source, view.spec
    return SourceOut(
        id=source.id,
        kind=source.kind,
        state=source.state,
        name=spec.name if spec else None,
        address=spec.address if spec else None,
        credentials=spec.credentials if spec else None,
        filters=FiltersOut.model_validate(spec.filters) if spec else None,
        schedule=_schedule_out(source.timing),
        readers=list(source.readers),
        purpose=source.purpose,
        legal_basis=source.legal_basis,
        overdue_after_seconds=source.overdue_seconds,
        retention_days=source.retention_days,
        last_good_at=source.last_good_at,
        is_overdue=view.is_overdue,
        asking_sync_id=view.asking,
        created_at=source.created_at,
        updated_at=source.updated_at,
    )


def _schedule_out(timing: Timing | None) -> ScheduleOut | None:
    if timing is None:
        return None
    return ScheduleOut(
        every_seconds=timing.every_seconds,
        cron=timing.cron or None,
        jitter_seconds=timing.jitter_seconds,
        catch_up_seconds=timing.catch_up_seconds,
    )
