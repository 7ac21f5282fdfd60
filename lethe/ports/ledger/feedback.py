"""Verdicts on answers."""

from datetime import datetime
from typing import Protocol

from lethe.model.feedback import Feedback, FeedbackBy, FeedbackFilter, FeedbackTally, RatedAnswer
from lethe.model.ids import Id
from lethe.ports.ledger.paging import PageCursor


class FeedbackRepository(Protocol):
    """A verdict goes with its question."""

    async def put(self, given: Feedback) -> None:
        """The question's one verdict, in place of an earlier one."""
        ...

    async def get(self, tenant_id: Id, question_id: Id) -> RatedAnswer | None: ...

    async def page(
        self, tenant_id: Id, wanted: FeedbackFilter, after: PageCursor | None, limit: int
    ) -> list[RatedAnswer]:
        """Newest first."""
        ...

    async def tallies(self, tenant_id: Id, by: FeedbackBy, limit: int) -> list[FeedbackTally]:
        """Most thumbs down first. An answer counts once for each document it cites."""
        ...

    async def share_up(self, since: datetime) -> float | None:
        """Of the verdicts of all tenants since then; None without any."""
        ...
