"""Every sealed text of a tenant, place by place."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Select, bindparam, func, null, select

from lethe.adapters.sql.repositories.base import SqlRepository
from lethe.adapters.sql.repositories.versions import VERSION
from lethe.adapters.sql.tables import (
    answers,
    dead_letters,
    document_versions,
    feedback,
    glossaries,
    idempotency_keys,
    ingestion_refusals,
    ingestions,
    quarantines,
    questions,
    selections,
    sources,
    subject_identifiers,
    sync_items,
    webhooks,
)
from lethe.model.documents import Version
from lethe.model.ids import Id
from lethe.model.texts import SealedText, TextPlace


@dataclass(frozen=True, slots=True)
class _Source:
    """``key``: the column that names the data key; None: the tenant's own secret opens it."""

    ref: Column[Any]
    key: Column[Any] | None
    sealed: Column[Any]


_SOURCES: Final[Mapping[TextPlace, _Source]] = {
    TextPlace.SUBJECT: _Source(
        subject_identifiers.c.subject_id, subject_identifiers.c.subject_id, subject_identifiers.c.sealed_identifier
    ),
    TextPlace.QUESTION: _Source(questions.c.id, questions.c.id, questions.c.sealed_request),
    TextPlace.ANSWER: _Source(answers.c.question_id, answers.c.question_id, answers.c.sealed_body),
    TextPlace.TRACE: _Source(answers.c.question_id, answers.c.question_id, answers.c.sealed_trace),
    TextPlace.FEEDBACK: _Source(feedback.c.question_id, feedback.c.question_id, feedback.c.sealed_reason),
    TextPlace.LETTER: _Source(dead_letters.c.id, dead_letters.c.version_id, dead_letters.c.sealed_detail),
    TextPlace.REFUSAL: _Source(
        ingestion_refusals.c.id, ingestion_refusals.c.ingestion_id, ingestion_refusals.c.sealed_name
    ),
    TextPlace.INGESTION: _Source(ingestions.c.id, ingestions.c.id, ingestions.c.sealed_options),
    TextPlace.RESPONSE: _Source(idempotency_keys.c.key_id, idempotency_keys.c.key_id, idempotency_keys.c.sealed_body),
    TextPlace.SELECTION: _Source(selections.c.id, selections.c.id, selections.c.sealed_wish),
    TextPlace.QUARANTINE: _Source(quarantines.c.id, quarantines.c.id, quarantines.c.sealed_prefix),
    TextPlace.WEBHOOK: _Source(webhooks.c.id, webhooks.c.id, webhooks.c.sealed_url),
    TextPlace.SOURCE: _Source(sources.c.id, sources.c.id, sources.c.sealed_spec),
    TextPlace.LISTED: _Source(sync_items.c.id, sync_items.c.sync_id, sync_items.c.sealed_item),
    TextPlace.GLOSSARY: _Source(glossaries.c.id, None, glossaries.c.sealed_entries),
}


def _held(source: _Source) -> ColumnElement[bool]:
    of_tenant = source.ref.table.c.tenant_id == bindparam("tenant_id")
    return select(source.ref).where(of_tenant, func.length(source.sealed) > 0).exists()


_PLACES: Final = select(*(_held(source).label(place.value) for place, source in _SOURCES.items()))


class SqlTexts(SqlRepository):
    async def versions_after(self, tenant_id: Id, after: Id | None, limit: int) -> list[Version]:
        wanted = VERSION.of(tenant_id)
        if after is not None:
            wanted = wanted.where(document_versions.c.id > after)
        return await VERSION.all(self._connection, wanted.order_by(document_versions.c.id).limit(limit))

    async def places(self, tenant_id: Id) -> frozenset[TextPlace]:
        held = (await self._connection.execute(_PLACES, {"tenant_id": tenant_id})).one()
        return frozenset(place for place, is_held in zip(_SOURCES, held, strict=True) if is_held)

    async def after(self, tenant_id: Id, place: TextPlace, after: Id | None, limit: int) -> list[SealedText]:
        source = _SOURCES[place]
        wanted = _select(source, tenant_id)
        if after is not None:
            wanted = wanted.where(source.ref > after)
        rows = [SealedText(*row) for row in await self._connection.execute(wanted.order_by(source.ref).limit(limit))]
        if len(rows) < limit:
            return rows
        # A person has several identifiers: the next page begins behind all rows of the last id.
        last = rows[-1].ref
        same = await self._connection.execute(_select(source, tenant_id).where(source.ref == last))
        return [row for row in rows if row.ref != last] + [SealedText(*row) for row in same]


def _select(source: _Source, tenant_id: Id) -> Select[*tuple[Any, ...]]:
    key = null() if source.key is None else source.key
    of_tenant = source.ref.table.c.tenant_id == tenant_id
    return select(source.ref, key, source.sealed).where(of_tenant, func.length(source.sealed) > 0)
