"""Quarantines on the wire."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from api.schemas.base import Given, OpaqueId, PageQuery, PlainText, Taken, Word
from lethe.model.quarantines import QuarantineKind

SourcePrefix = Annotated[PlainText, StringConstraints(min_length=1, max_length=2048)]
"""A source URI, or the beginning of some up to a "/"."""


class QuarantineIn(Taken):
    """What to hide: one document, every source that is the prefix or below it, or all of one bulk ingestion.

    What comes later is hidden too.
    """

    document_id: OpaqueId | None = None
    source_prefix: SourcePrefix | None = None
    ingestion_id: OpaqueId | None = None
    reason: Word

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if [self.document_id, self.source_prefix, self.ingestion_id].count(None) != 2:
            raise ValueError("exactly one of document_id, source_prefix and ingestion_id is taken")
        return self


class QuarantineOut(Given):
    """A quarantine; ``documents`` is how many it hides now. The prefix is forgotten when it is lifted."""

    id: OpaqueId
    kind: QuarantineKind
    document_id: OpaqueId | None
    source_prefix: str | None
    ingestion_id: OpaqueId | None
    reason: str
    documents: int
    created_at: datetime
    lifted_at: datetime | None


class QuarantineQuery(PageQuery):
    """A list of quarantines."""

    in_force: Annotated[bool, Field(description="Leave out those that were lifted")] = True
