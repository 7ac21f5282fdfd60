"""Questions, answers and citations."""

from collections.abc import Collection
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, insert, select, text, update

from lethe.adapters.sql.one_hop import short
from lethe.adapters.sql.repositories.base import SqlRepository
from lethe.adapters.sql.rows import Mapped, batches, delete_of, one_of
from lethe.adapters.sql.tables import answer_citations as citations
from lethe.adapters.sql.tables import answers, questions
from lethe.adapters.sql.tables.questions import UNANSWERED
from lethe.model.answers import Answer, Citation, DegradedReason, Provenance, Question, QuestionState
from lethe.model.ids import Id

QUESTION: Final = Mapped(Question, questions)
CITATION: Final = Mapped(Citation, citations)
PROVENANCE: Final = Mapped(Provenance, answers)
_OWN: Final = (
    "tenant_id", "question_id", "mode", "sealed_body", "sealed_trace", "is_degraded", "is_final", "created_at"
)  # fmt: skip
_BY_ID: Final = short(QUESTION.prepared(questions.c.id == bindparam("id")))
_ANSWER: Final = short(
    select(*[answers.c[name] for name in _OWN], answers.c.degraded_reasons, *PROVENANCE.columns).where(
        answers.c.tenant_id == bindparam("tenant_id"), answers.c.question_id == bindparam("question_id")
    )
)
_ADDED: Final = short(insert(questions))
_CITED: Final = short(
    CITATION.prepared(citations.c.question_id == bindparam("question_id")).order_by(citations.c.number)
)
_ANSWERED: Final = short(insert(answers))
_CITING: Final = short(insert(citations))
_IN_STATE: Final = short(
    update(questions)
    .where(questions.c.tenant_id == bindparam("of_tenant"), questions.c.id == bindparam("of_id"))
    .values(state=bindparam("to_state"))
)


class SqlQuestions(SqlRepository):
    async def add(self, question: Question) -> None:
        await self._connection.execute(_ADDED, QUESTION.values(question))

    async def get(self, tenant_id: Id, question_id: Id) -> Question | None:
        return await QUESTION.one(self._connection, _BY_ID, tenant_id=tenant_id, id=question_id)

    async def asked_since(self, tenant_id: Id, question_ids: Collection[Id], since: datetime) -> frozenset[Id]:
        found = set[Id]()
        for some in batches(question_ids):
            wanted = select(questions.c.id).where(
                questions.c.tenant_id == tenant_id, one_of(questions.c.id, some), questions.c.created_at >= since
            )
            found |= set((await self._connection.execute(wanted)).scalars())
        return frozenset(found)

    async def newest(self, tenant_id: Id, limit: int) -> list[Question]:
        """Ids grow with time."""
        own = QUESTION.of(tenant_id, questions.c.answered_by.is_(None), questions.c.sealed_request != b"")
        return await QUESTION.all(self._connection, own.order_by(questions.c.id.desc()).limit(limit))

    async def set_state(self, tenant_id: Id, question_id: Id, state: QuestionState) -> None:
        await self._connection.execute(_IN_STATE, {"of_tenant": tenant_id, "of_id": question_id, "to_state": state})

    async def close_unanswered(self, asked_before: datetime) -> int:
        result = await self._connection.execute(
            update(questions)
            .where(text(UNANSWERED), questions.c.created_at < asked_before)
            .values(state=QuestionState.FAILED)
        )
        return result.rowcount

    async def refer(self, tenant_id: Id, question_id: Id, answered_by: Id) -> None:
        await self._connection.execute(
            update(questions)
            .where(
                questions.c.tenant_id == tenant_id,
                questions.c.id == question_id,
                questions.c.state != QuestionState.ANSWERED,
            )
            .values(state=QuestionState.ANSWERED, answered_by=answered_by)
        )

    async def put_answer(self, answer: Answer, *, is_first: bool = False) -> None:
        for table in () if is_first else (citations, answers):
            statement = delete_of(table, answer.tenant_id, table.c.question_id == answer.question_id)
            await self._connection.execute(statement)
        await self._connection.execute(_ANSWERED, _answer_row(answer))
        if answer.citations:
            place = {"tenant_id": answer.tenant_id, "question_id": answer.question_id}
            rows = [place | CITATION.values(citation) for citation in answer.citations]
            await self._connection.execute(_CITING, rows)

    async def answer(self, tenant_id: Id, question_id: Id) -> Answer | None:
        asked = {"tenant_id": tenant_id, "question_id": question_id}
        row = (await self._connection.execute(_ANSWER, asked)).first()
        if row is None:
            return None
        return Answer(
            **dict(zip(_OWN, row[: len(_OWN)], strict=True)),
            degraded_reasons=tuple(DegradedReason(reason) for reason in row[len(_OWN)]),
            provenance=PROVENANCE.entity(row[len(_OWN) + 1 :]),
            citations=tuple(await CITATION.all(self._connection, _CITED, **asked)),
        )

    async def citing(self, tenant_id: Id, document_id: Id) -> list[Id]:
        cited = select(citations.c.question_id).where(
            citations.c.tenant_id == tenant_id, citations.c.document_id == document_id
        )
        own = select(questions.c.id).where(questions.c.tenant_id == tenant_id, questions.c.id.in_(cited))
        # Whoever refers to one of these waits here, and finds it gone.
        citing = list((await self._connection.execute(own.order_by(questions.c.id).with_for_update())).scalars())
        given = select(questions.c.id).where(questions.c.tenant_id == tenant_id, questions.c.answered_by.in_(cited))
        return sorted({*citing, *(await self._connection.execute(given)).scalars()})

    async def delete(self, tenant_id: Id, question_ids: Collection[Id]) -> int:
        """By the schema answers, citations and questions that were given such an answer go with their question."""
        result = await self._connection.execute(delete_of(questions, tenant_id, one_of(questions.c.id, question_ids)))
        return result.rowcount


def _answer_row(answer: Answer) -> dict[str, Any]:
    provenance = {field.name: getattr(answer.provenance, field.name) for field in fields(Provenance)}
    own = {name: getattr(answer, name) for name in _OWN}
    return own | provenance | {"degraded_reasons": answer.degraded_reasons}
