"""Verdicts on answers."""

from collections import defaultdict
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, select, tuple_

from lethe.adapters.sql.repositories.base import SqlRepository
from lethe.adapters.sql.rows import Mapped, one_of, upsert_into
from lethe.adapters.sql.tables import answer_citations as citations
from lethe.adapters.sql.tables import answers, feedback, feedback_counts, questions
from lethe.model.feedback import Feedback, FeedbackBy, FeedbackFilter, FeedbackTally, RatedAnswer, Verdict
from lethe.model.ids import Id
from lethe.ports.ledger import PageCursor

FEEDBACK: Final = Mapped(Feedback, feedback)

# A question that was given another's answer is judged by that.
_ANSWERED: Final = func.coalesce(questions.c.answered_by, questions.c.id)
ITS_QUESTION: Final = and_(questions.c.tenant_id == feedback.c.tenant_id, questions.c.id == feedback.c.question_id)
ITS_ANSWER: Final = and_(answers.c.tenant_id == feedback.c.tenant_id, answers.c.question_id == _ANSWERED)
_ITS_CITATIONS: Final = and_(citations.c.tenant_id == feedback.c.tenant_id, citations.c.question_id == _ANSWERED)
UP: Final = func.sum(case((feedback.c.verdict == Verdict.UP, 1), else_=0))
DOWN: Final = func.sum(case((feedback.c.verdict == Verdict.DOWN, 1), else_=0))


class SqlFeedback(SqlRepository):
    async def put(self, given: Feedback) -> None:
        values = FEEDBACK.values(given)
        statement = upsert_into(self._connection, feedback).values(values)
        await self._connection.execute(
            statement.on_conflict_do_update(index_elements=["tenant_id", "question_id"], set_=values)
        )

    async def get(self, tenant_id: Id, question_id: Id) -> RatedAnswer | None:
        found = await self._rated(_rated(tenant_id).where(feedback.c.question_id == question_id))
        return found[0] if found else None

    async def page(
        self, tenant_id: Id, wanted: FeedbackFilter, after: PageCursor | None, limit: int
    ) -> list[RatedAnswer]:
        position = tuple_(feedback.c.created_at, feedback.c.question_id)
        statement = _rated(tenant_id).where(*_conditions(wanted))
        if after is not None:
            statement = statement.where(position < (after.created_at, after.id))
        newest = (feedback.c.created_at.desc(), feedback.c.question_id.desc())
        return await self._rated(statement.order_by(*newest).limit(limit))

    async def tallies(self, tenant_id: Id, by: FeedbackBy, limit: int) -> list[FeedbackTally]:
        if by is FeedbackBy.DOCUMENT:
            key: ColumnElement[str] = citations.c.document_id
            # An answer that cites a document twice is one answer.
            cited = (
                select(feedback.c.question_id, feedback.c.verdict, key.label("key"))
                .distinct()
                .join(questions, ITS_QUESTION)
                .join(citations, _ITS_CITATIONS)
                .where(feedback.c.tenant_id == tenant_id)
                .subquery()
            )
        else:
            cited = (
                select(feedback.c.question_id, feedback.c.verdict, answers.c.prompt_version.label("key"))
                .join(questions, ITS_QUESTION)
                .join(answers, ITS_ANSWER)
                .where(feedback.c.tenant_id == tenant_id)
                .subquery()
            )
        is_up, is_down = (case((cited.c.verdict == each, 1), else_=0) for each in (Verdict.UP, Verdict.DOWN))
        given: Any = select(cited.c.key, is_up.label("up"), is_down.label("down"))
        if by is FeedbackBy.PROMPT_VERSION:
            erased = select(feedback_counts.c.prompt_version, feedback_counts.c.up, feedback_counts.c.down)
            given = given.union_all(erased.where(feedback_counts.c.tenant_id == tenant_id))
        votes = given.subquery()
        up, down = func.sum(votes.c.up), func.sum(votes.c.down)
        counted = select(votes.c.key, up, down).group_by(votes.c.key).order_by(down.desc(), votes.c.key).limit(limit)
        return [FeedbackTally(key, int(ups), int(downs)) for key, ups, downs in await self._connection.execute(counted)]

    async def share_up(self, since: datetime) -> float | None:
        statement = select(UP, DOWN).where(feedback.c.created_at >= since)
        up, down = (await self._connection.execute(statement)).one()
        return up / (up + down) if up or down else None

    async def _rated(self, statement: Select[*tuple[Any, ...]]) -> list[RatedAnswer]:
        width = len(FEEDBACK.columns)
        rows = (await self._connection.execute(statement)).all()
        if not rows:
            return []
        found = [(FEEDBACK.entity(row[:width]), row[width], row[width + 1 :]) for row in rows]
        cited: defaultdict[Id, list[Id]] = defaultdict(list)
        pairs = select(citations.c.question_id, citations.c.document_id).where(
            citations.c.tenant_id == found[0][0].tenant_id,
            one_of(citations.c.question_id, {answered for _, answered, _ in found}),
        )
        for question_id, document_id in await self._connection.execute(pairs.order_by(citations.c.number)):
            cited[question_id].append(document_id)
        return [
            RatedAnswer(given, provider or "", model or "", prompt or "", tuple(dict.fromkeys(cited[answered])))
            for given, answered, (provider, model, prompt) in found
        ]


def _rated(tenant_id: Id) -> Select[*tuple[Any, ...]]:
    provenance = (answers.c.provider, answers.c.model, answers.c.prompt_version)
    return (
        select(*FEEDBACK.columns, _ANSWERED, *provenance)
        .join(questions, ITS_QUESTION)
        .outerjoin(answers, ITS_ANSWER)
        .where(feedback.c.tenant_id == tenant_id)
    )


def _conditions(wanted: FeedbackFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.document_id is not None:
        conditions.append(exists().where(_ITS_CITATIONS, citations.c.document_id == wanted.document_id))
    if wanted.prompt_version is not None:
        conditions.append(answers.c.prompt_version == wanted.prompt_version)
    if wanted.verdict is not None:
        conditions.append(feedback.c.verdict == wanted.verdict)
    return conditions
