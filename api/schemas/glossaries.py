"""A tenant's glossary on the wire."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from api.schemas.base import Given, OpaqueId, Taken
from lethe.model.attributes import is_plain

MAX_TERMS = 500
MAX_SYNONYMS = 10


def _said(text: str) -> str:
    if not text.strip() or not is_plain(text):
        raise ValueError("text without control characters is taken")
    return text.strip()


Term = Annotated[str, Field(max_length=100), AfterValidator(_said)]


class GlossaryIn(Taken):
    """All entries: by a term of the house, what else it is called. They count in both directions."""

    entries: Annotated[
        dict[Term, Annotated[list[Term], Field(min_length=1, max_length=MAX_SYNONYMS)]], Field(max_length=MAX_TERMS)
    ]


class GlossaryOut(Given):
    """The glossary in force; ``changed_by`` is the principal who gave it, null while nobody did."""

    entries: dict[str, list[str]]
    changed_at: datetime | None
    changed_by: OpaqueId | None
