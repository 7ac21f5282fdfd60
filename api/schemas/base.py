"""What every HTTP model shares."""

from typing import Annotated, Final, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from lethe.model.attributes import is_plain
from lethe.model.ids import is_id

ItemT = TypeVar("ItemT")


class Taken(BaseModel):
    """A request: an unknown field is refused, numbers are finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Given(BaseModel):
    """A response, read from the use case's own value."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class Page(Given, Generic[ItemT]):
    """A part of a list. ``next_cursor`` is null at its end."""

    items: list[ItemT]
    next_cursor: str | None = None


class PageQuery(Taken):
    """Where a list goes on, and how far."""

    cursor: Annotated[str | None, Field(description="`next_cursor` of the page before")] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


def _opaque_id(text: str) -> str:
    if not is_id(text):
        raise ValueError("a UUID in lower case with hyphens is taken")
    return text


OpaqueId = Annotated[str, AfterValidator(_opaque_id)]
"""A UUID as Lethe writes it."""


def _plain(text: str) -> str:
    if not is_plain(text):
        raise ValueError("control characters and lone surrogates are not text")
    return text


PlainText = Annotated[str, AfterValidator(_plain)]
"""Text that every store and every JSON reader takes."""

Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]
"""A name that is stored in clear, so it must not be able to hold a sentence."""

MAX_READERS: Final = 100
Readers = Annotated[list[OpaqueId], Field(min_length=1, max_length=MAX_READERS)]
"""Ids of principals, groups or the tenant itself."""
