"""What routes declare they need."""

from typing import Annotated, cast

from fastapi import Depends, Header, Path, Request

from api.services import Services
from lethe.errors import (
    AuditNotFound,
    ChunkNotFound,
    DeadLetterNotFound,
    DeliveryNotFound,
    DocumentNotFound,
    ErasureNotFound,
    IngestionNotFound,
    KeyNotFound,
    MigrationNotFound,
    QuarantineNotFound,
    QuestionNotFound,
    RetentionRunNotFound,
    ScheduleNotFound,
    SelectionNotFound,
    SourceNotFound,
    SyncNotFound,
    WebhookNotFound,
)
from lethe.model.ids import Id, is_id


async def services_of(request: Request) -> Services:
    """The application's services."""
    return cast("Services", request.app.state.services)


ServicesDep = Annotated[Services, Depends(services_of)]

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key", description="Repeating a request with the same key repeats its answer, not its effect"
    ),
]


# An id that is not even a UUID gets the same answer as one that nobody has: there is nothing to learn from the form.
async def _document_id(document_id: Annotated[str, Path()]) -> Id:
    if not is_id(document_id):
        raise DocumentNotFound
    return document_id


async def _chunk_id(chunk_id: Annotated[str, Path()]) -> Id:
    if not is_id(chunk_id):
        raise ChunkNotFound
    return chunk_id


async def _question_id(question_id: Annotated[str, Path()]) -> Id:
    if not is_id(question_id):
        raise QuestionNotFound
    return question_id


async def _letter_id(letter_id: Annotated[str, Path()]) -> Id:
    if not is_id(letter_id):
        raise DeadLetterNotFound
    return letter_id


async def _resolution_id(resolution_id: Annotated[str, Path()]) -> Id:
    if not is_id(resolution_id):
        raise DeadLetterNotFound
    return resolution_id


async def _webhook_id(webhook_id: Annotated[str, Path()]) -> Id:
    if not is_id(webhook_id):
        raise WebhookNotFound
    return webhook_id


async def _delivery_id(delivery_id: Annotated[str, Path()]) -> Id:
    if not is_id(delivery_id):
        raise DeliveryNotFound
    return delivery_id


async def _key_id(key_id: Annotated[str, Path()]) -> Id:
    if not is_id(key_id):
        raise KeyNotFound
    return key_id


async def _quarantine_id(quarantine_id: Annotated[str, Path()]) -> Id:
    if not is_id(quarantine_id):
        raise QuarantineNotFound
    return quarantine_id


async def _audit_id(audit_id: Annotated[str, Path()]) -> Id:
    if not is_id(audit_id):
        raise AuditNotFound
    return audit_id


async def _retention_run_id(run_id: Annotated[str, Path()]) -> Id:
    if not is_id(run_id):
        raise RetentionRunNotFound
    return run_id


async def _selection_id(selection_id: Annotated[str, Path()]) -> Id:
    if not is_id(selection_id):
        raise SelectionNotFound
    return selection_id


async def _ingestion_id(ingestion_id: Annotated[str, Path()]) -> Id:
    if not is_id(ingestion_id):
        raise IngestionNotFound
    return ingestion_id


async def _migration_id(migration_id: Annotated[str, Path()]) -> Id:
    if not is_id(migration_id):
        raise MigrationNotFound
    return migration_id


async def _erasure_id(erasure_id: Annotated[str, Path()]) -> Id:
    if not is_id(erasure_id):
        raise ErasureNotFound
    return erasure_id


async def _source_id(source_id: Annotated[str, Path()]) -> Id:
    if not is_id(source_id):
        raise SourceNotFound
    return source_id


async def _sync_id(sync_id: Annotated[str, Path()]) -> Id:
    if not is_id(sync_id):
        raise SyncNotFound
    return sync_id


async def _schedule_id(schedule_id: Annotated[str, Path()]) -> Id:
    if not is_id(schedule_id):
        raise ScheduleNotFound
    return schedule_id


DocumentId = Annotated[Id, Depends(_document_id)]
ChunkId = Annotated[Id, Depends(_chunk_id)]
IngestionId = Annotated[Id, Depends(_ingestion_id)]
QuestionId = Annotated[Id, Depends(_question_id)]
LetterId = Annotated[Id, Depends(_letter_id)]
WebhookId = Annotated[Id, Depends(_webhook_id)]
DeliveryId = Annotated[Id, Depends(_delivery_id)]
ResolutionId = Annotated[Id, Depends(_resolution_id)]
KeyId = Annotated[Id, Depends(_key_id)]
QuarantineId = Annotated[Id, Depends(_quarantine_id)]
AuditId = Annotated[Id, Depends(_audit_id)]
RetentionRunId = Annotated[Id, Depends(_retention_run_id)]
SelectionId = Annotated[Id, Depends(_selection_id)]
MigrationId = Annotated[Id, Depends(_migration_id)]
ErasureId = Annotated[Id, Depends(_erasure_id)]
SourceId = Annotated[Id, Depends(_source_id)]
SyncId = Annotated[Id, Depends(_sync_id)]
ScheduleSourceId = Annotated[Id, Depends(_schedule_id)]
"""A source's schedule is called after the source."""
