"""Questions and answers."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from lethe.model.answers import Answer, Question, QuestionState
from lethe.model.ids import Id


class QuestionRepository(Protocol):
    async def add(self, question: Question) -> None: ...
    async def get(self, tenant_id: Id, question_id: Id) -> Question | None: ...

    async def asked_since(self, tenant_id: Id, question_ids: Collection[Id], since: datetime) -> frozenset[Id]:
        """Those of them that were asked then or later."""
        ...

    async def newest(self, tenant_id: Id, limit: int) -> list[Question]:
        """Those with a text of their own, newest first."""
        ...

    async def set_state(self, tenant_id: Id, question_id: Id, state: QuestionState) -> None: ...

    async def close_unanswered(self, asked_before: datetime) -> int:
        """Those of any tenant, asked before then, that have no answer have failed; returns how many."""
        ...

    async def refer(self, tenant_id: Id, question_id: Id, answered_by: Id) -> None:
        """It is answered, by the answer of the other question; one that is answered already stays as it is."""
        ...

    async def put_answer(self, answer: Answer, *, is_first: bool = False) -> None:
        """Insert or replace the question's answer and its citations. ``is_first``: there is none to replace."""
        ...

    async def answer(self, tenant_id: Id, question_id: Id) -> Answer | None: ...

    async def citing(self, tenant_id: Id, document_id: Id) -> list[Id]:
        """Questions whose answer cites the document, in whatever version, be it the answer of another question.

        For a writing unit: until it ends, no further question is given such an answer.
        """
        ...

    async def delete(self, tenant_id: Id, question_ids: Collection[Id]) -> int: ...
