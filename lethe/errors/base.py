"""The base of the error tree and what a failure says about trying again."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Self


class FailureClass(StrEnum):
    """What a failure says about trying again."""

    TRANSIENT = "transient"
    """The same input may succeed later: retried, then a dead letter that is driven again."""
    PERMANENT = "permanent"
    """The same input will fail again: never retried by itself."""
    POISON = "poison"
    """The input harms the process that reads it: skipped until its bytes or the pipeline change."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a document something failed, in numbers only: ``page`` from 1, chunks by ordinal, the last included."""

    page: int | None = None
    first_chunk: int | None = None
    last_chunk: int | None = None


class LetheError(Exception):
    """Base of every error Lethe raises on purpose.

    ``detail`` is for the person who asked; it must hold no content of a document other than what they sent.
    """

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something failed inside Lethe"
    advice: ClassVar[str] = "Try again; if it stays, give the request id to the operator."
    failure_class: ClassVar[FailureClass] = FailureClass.TRANSIENT
    tries: ClassVar[int] = 1
    """How often a step may meet it before it gives up, where the class alone would say at once."""

    def __init__(self, detail: str = "", *, retry_after: float | None = None, asked_delay: float | None = None) -> None:
        """``asked_delay``: seconds an outside service asked to be left alone; the next attempt of a step waits it."""
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.retry_after = retry_after
        self.asked_delay = asked_delay
        self.place = Place()

    def at(self, place: Place) -> Self:
        """The same error, told where: `raise CorruptDocument().at(Place(page=7))`."""
        self.place = place
        return self

    @classmethod
    def retryable(cls) -> bool:
        """Whether Temporal may run the same step again."""
        return cls.failure_class is FailureClass.TRANSIENT


@contextmanager
def placed(place: Place) -> Generator[None]:
    """Tell where, of every LetheError of the block that does not say so itself."""
    try:
        yield
    except LetheError as error:
        if error.place == Place():
            error.at(place)
        raise
