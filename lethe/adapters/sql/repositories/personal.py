"""One person's rows: found by links, removed by kind, and counted over every table that could name them."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import Column, FromClause, Select, Table, func, or_, select, union_all, update

from lethe.adapters.sql.repositories.base import SqlRepository
from lethe.adapters.sql.repositories.feedback import DOWN, ITS_ANSWER, ITS_QUESTION, UP
from lethe.adapters.sql.rows import batches, delete_of, insert_missing, one_of, upsert_into
from lethe.adapters.sql.tables import (
    answer_citations,
    answers,
    api_keys,
    cached_answer_sources,
    cached_answers,
    chunks,
    dead_letters,
    feedback,
    feedback_counts,
    idempotency_keys,
    processor_call_refs,
    questions,
    source_prefixes,
    subject_links,
)
from lethe.adapters.sql.tables.metadata import metadata
from lethe.adapters.sql.tables.sealed import SEALED
from lethe.model.ids import Id
from lethe.model.indexes import NIL_ID
from lethe.model.personal_data import ItemKind

_NAMED_BY: Final[Mapping[ItemKind, tuple[str, str]]] = {
    ItemKind.DOCUMENT: ("documents", "document_id"),
    ItemKind.VERSION: ("document_versions", "version_id"),
    ItemKind.CHUNK: ("chunks", "chunk_id"),
    ItemKind.QUESTION: ("questions", "question_id"),
    ItemKind.SUBJECT: ("subjects", "subject_id"),
    ItemKind.PRINCIPAL: ("", "principal_id"),
}
"""The table whose own id it is, and what the column is called elsewhere."""

_ABOUT_THE_ERASURE: Final = "erasure"
"""Tables of requests and their manifests: they must name what they erase."""

_TELLS_OF_IT: Final = "webhook_deliveries"
"""Names documents by their ids to tell that they were deleted; its subject is what the event is about, no person."""


class SqlPersonal(SqlRepository):
    async def links(self, tenant_id: Id, subject_ids: Collection[Id]) -> Mapping[Id, frozenset[Id]]:
        own = select(subject_links.c.version_id).where(
            subject_links.c.tenant_id == tenant_id, one_of(subject_links.c.subject_id, subject_ids)
        )
        statement = select(subject_links.c.version_id, subject_links.c.subject_id).where(
            subject_links.c.tenant_id == tenant_id, subject_links.c.version_id.in_(own)
        )
        found = defaultdict[Id, set[Id]](set)
        for version_id, subject_id in await self._connection.execute(statement):
            found[version_id].add(subject_id)
        return {version_id: frozenset(subjects) for version_id, subjects in found.items()}

    async def chunks_of(self, tenant_id: Id, version_ids: Collection[Id]) -> list[Id]:
        return await self._ids(tenant_id, chunks.c.id, chunks.c.version_id, version_ids)

    async def questions_of(self, tenant_id: Id, principal_ids: Collection[Id]) -> list[Id]:
        return await self._ids(tenant_id, questions.c.id, questions.c.principal_id, principal_ids)

    async def questions_about(
        self, tenant_id: Id, document_ids: Collection[Id], version_ids: Collection[Id]
    ) -> list[Id]:
        cited = answer_citations.c
        citing = {
            *await self._ids(tenant_id, cited.question_id, cited.document_id, document_ids),
            *await self._ids(tenant_id, cited.question_id, cited.version_id, version_ids),
        }
        given = await self._ids(tenant_id, questions.c.id, questions.c.answered_by, citing)
        return sorted({*citing, *given})

    async def documents_below(
        self, tenant_id: Id, document_ids: Collection[Id], prefix_hmacs: Collection[str]
    ) -> list[Id]:
        below = await self._ids(tenant_id, source_prefixes.c.document_id, source_prefixes.c.prefix_hmac, prefix_hmacs)
        return sorted(set(below) & set(document_ids))

    async def letters_of(self, tenant_id: Id, version_ids: Collection[Id]) -> list[Id]:
        return await self._ids(tenant_id, dead_letters.c.id, dead_letters.c.version_id, version_ids)

    async def calls_about(self, tenant_id: Id, refs: Collection[Id]) -> list[Id]:
        return await self._ids(tenant_id, processor_call_refs.c.call_id, processor_call_refs.c.ref, refs)

    async def share_links(self, tenant_id: Id, version_id: Id, other: Id, without: Collection[Id]) -> None:
        linked = await self._ids(tenant_id, subject_links.c.subject_id, subject_links.c.version_id, [version_id])
        rows = [
            {"tenant_id": tenant_id, "version_id": other, "subject_id": subject_id}
            for subject_id in linked
            if subject_id not in without
        ]
        await insert_missing(self._connection, subject_links, rows)

    async def forget_row(self, tenant_id: Id, kind: ItemKind, ref: str) -> None:
        place = SEALED[kind]
        is_it = place.ref == ref
        if place.empty is None:
            await self._connection.execute(delete_of(place.table, tenant_id, is_it))
            return
        emptied = update(place.table).where(place.table.c.tenant_id == tenant_id, is_it)
        await self._connection.execute(emptied.values({place.sealed.name: place.empty}))

    async def forget_cached(self, tenant_id: Id, question_ids: Collection[Id]) -> None:
        for some in batches(question_ids):
            await self._connection.execute(
                delete_of(cached_answers, tenant_id, one_of(cached_answers.c.question_id, some))
            )

    async def count_cached(self, tenant_id: Id, question_ids: Collection[Id], version_ids: Collection[Id]) -> int:
        own = await self._count(cached_answers, tenant_id, cached_answers.c.question_id, question_ids)
        sources = cached_answer_sources
        return own + await self._count(sources, tenant_id, sources.c.version_id, version_ids)

    async def forget_verdicts(self, tenant_id: Id, question_ids: Collection[Id]) -> None:
        for some in batches(question_ids):
            await self._keep_counts(tenant_id, some)
            await self._connection.execute(delete_of(feedback, tenant_id, one_of(feedback.c.question_id, some)))

    async def _keep_counts(self, tenant_id: Id, question_ids: Collection[Id]) -> None:
        """Of the verdicts that are about to go: they still say how good a prompt is."""
        given = (
            select(answers.c.prompt_version, UP, DOWN)
            .select_from(feedback)
            .join(questions, ITS_QUESTION)
            .join(answers, ITS_ANSWER)
            .where(feedback.c.tenant_id == tenant_id, one_of(feedback.c.question_id, question_ids))
            .group_by(answers.c.prompt_version)
        )
        for version, up, down in (await self._connection.execute(given)).all():
            row = {"tenant_id": tenant_id, "prompt_version": version, "up": up, "down": down}
            statement = upsert_into(self._connection, feedback_counts).values(row)
            counts = {name: feedback_counts.c[name] + statement.excluded[name] for name in ("up", "down")}
            key = ["tenant_id", "prompt_version"]
            await self._connection.execute(statement.on_conflict_do_update(index_elements=key, set_=counts))

    async def forget_principals(self, tenant_id: Id, principal_ids: Collection[Id]) -> None:
        for table in (api_keys, idempotency_keys):
            await self._connection.execute(delete_of(table, tenant_id, one_of(table.c.principal_id, principal_ids)))
        for table in _tables():
            if "principal_id" in table.c:
                emptied = update(table).where(
                    table.c.tenant_id == tenant_id, one_of(table.c.principal_id, principal_ids)
                )
                await self._connection.execute(emptied.values(principal_id=NIL_ID))

    async def count(self, tenant_id: Id, kind: ItemKind, refs: Collection[str]) -> int:
        if kind in SEALED and kind not in _NAMED_BY:
            place = SEALED[kind]
            held = or_(place.sealed != place.empty) if place.empty is not None else place.sealed.is_not(None)
            return await self._count(place.table, tenant_id, place.ref, refs, held)
        own, elsewhere = _NAMED_BY[kind]
        named = [(table, "id" if table.name == own else elsewhere) for table in _tables()]
        columns = [table.c[name] for table, name in named if name in table.c and table.name != _TELLS_OF_IT]
        counted = 0
        for some in batches(refs):
            each = [_counting(column.table, tenant_id, one_of(column, some)) for column in columns]
            counted += sum((await self._connection.execute(union_all(*each))).scalars())
        return counted

    async def _count(
        self, table: Table, tenant_id: Id, column: Column[Any], refs: Collection[str], *further: Any
    ) -> int:
        counted = 0
        for some in batches(refs):
            statement = _counting(table, tenant_id, one_of(column, some), *further)
            counted += (await self._connection.execute(statement)).scalar_one()
        return counted

    async def _ids(self, tenant_id: Id, wanted: Column[Any], by: Column[Any], refs: Collection[Id]) -> list[Id]:
        found = set[Id]()
        for some in batches(refs):
            statement = select(wanted).where(by.table.c.tenant_id == tenant_id, one_of(by, some))
            found.update((await self._connection.execute(statement)).scalars())
        return sorted(found)


def _counting(table: FromClause, tenant_id: Id, *wanted: Any) -> Select[int]:
    return select(func.count()).select_from(table).where(table.c.tenant_id == tenant_id, *wanted)


def _tables() -> list[Table]:
    """Of the ledger, except what is about erasures themselves; no list that somebody must keep."""
    return [
        table
        for table in metadata.sorted_tables
        if "tenant_id" in table.c and not table.name.startswith(_ABOUT_THE_ERASURE)
    ]
