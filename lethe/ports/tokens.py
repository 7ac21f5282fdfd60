"""An answer on its way to whoever asked: what the step that makes it says, and what the one who serves it hears."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from pydantic import JsonValue

from lethe.model.ids import Id


class TokenKind(StrEnum):
    """What an event says, with the fields of its data."""

    SOURCES = "sources"
    """``chunk_ids``: what the tokens that follow are made of. For the rights gate; never shown. Before the first token,
    and again after a reset."""
    TOKEN = "token"  # noqa: S105 - a piece of text
    """``text``: a piece of the answer, in order; the pieces joined are the text."""
    CITATION = "citation"
    """``number``, ``chunk_id``, ``version_id``, ``document_id``, ``score``: what the marker ``[number]`` means."""
    RESET = "reset"
    """``reason``: what was said so far does not count, another attempt follows."""
    WITHDRAWN = "withdrawn"
    """``number``: a source may no longer be read; what was said from it does not count."""
    DONE = "done"
    """``answer_id`` (the question's), ``mode``: the final answer is stored; nothing follows."""
    ERROR = "error"
    """``code``: there will be no answer; nothing follows."""


@dataclass(frozen=True, slots=True)
class TokenEvent:
    """``id`` rises from 1 by 1 within a question, over all attempts and processes."""

    id: int
    kind: TokenKind
    data: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])


class TokenBus(Protocol):
    """Events of questions, kept 5 minutes after the last one of a question. Texts: never logged, never on a disk."""

    async def publish(self, question_id: Id, kind: TokenKind, data: Mapping[str, JsonValue] | None = None) -> None:
        """Say the next event. Never raises and never waits long: an answer is worth more than its stream."""
        ...

    def follow(self, question_id: Id, after: int = 0) -> AsyncGenerator[TokenEvent]:
        """The kept events with an id above ``after``, then each new one as it comes. Ends only by being closed.

        Raises StreamUnavailable when the events cannot be reached.
        """
        ...
