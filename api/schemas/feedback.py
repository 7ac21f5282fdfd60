"""Verdicts on answers on the wire."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from api.schemas.base import Given, OpaqueId, PageQuery, PlainText, Taken
from lethe.model.feedback import FeedbackBy, Verdict


class FeedbackIn(Taken):
    """What the one who asked thinks of the answer."""

    query_id: OpaqueId
    verdict: Verdict
    reason: Annotated[PlainText, Field(min_length=1, max_length=1000)] | None = None


class FeedbackOut(Given):
    """A verdict, and what its answer was made by and from; empty and none where passages were all there was."""

    query_id: OpaqueId
    verdict: Verdict
    reason: str | None
    created_at: datetime
    provider: str
    model: str
    prompt_version: str
    document_ids: list[OpaqueId]


class FeedbackQuery(PageQuery):
    """Verdicts on answers that cite a document, that a version of the prompt made, or of one kind."""

    document_id: OpaqueId | None = None
    prompt_version: Annotated[str | None, Field(max_length=64)] = None
    verdict: Verdict | None = None


class TallyQuery(Taken):
    """What verdicts are counted by."""

    by: FeedbackBy


class TallyOut(Given):
    """``key`` is the document's id or the prompt's version."""

    key: str
    up: int
    down: int


class TalliesOut(Given):
    """Most thumbs down first; at most 200."""

    items: list[TallyOut]
