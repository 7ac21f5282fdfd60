"""Column types that mean the same on SQLite and PostgreSQL."""

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, DateTime, Dialect, Enum, Uuid
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant. A naive one is refused with ValueError; what comes back is in UTC.

    SQLite has no time zones: there the UTC wall time is stored, so text order is time order.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class TextTuple(TypeDecorator[tuple[str, ...]]):
    """An immutable sequence of short strings, kept in order as a JSON array."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> list[str] | None:
        return None if value is None else list(value)

    def process_result_value(self, value: Sequence[str] | None, dialect: Dialect) -> tuple[str, ...] | None:
        return None if value is None else tuple(value)


class NumberTuple(TypeDecorator[tuple[int, ...]]):
    """As `TextTuple`, of whole numbers."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Sequence[int] | None, dialect: Dialect) -> list[int] | None:
        return None if value is None else list(value)

    def process_result_value(self, value: Sequence[int] | None, dialect: Dialect) -> tuple[int, ...] | None:
        return None if value is None else tuple(value)


class IdText(Uuid[str]):
    """Uuid(as_uuid=False), read without making a UUID object of each: half the CPU time of a large gate on SQLite."""

    cache_ok = True

    def __init__(self) -> None:
        super().__init__(as_uuid=False)

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        return None if self.native_uuid and dialect.supports_native_uuid else _hyphenated


def _hyphenated(value: str | None) -> str | None:
    """What SQLite stores (32 hex digits) in the form ids have everywhere else."""
    return value and f"{value[:8]}-{value[8:12]}-{value[12:16]}-{value[16:20]}-{value[20:]}"


def _values(choices: type[StrEnum]) -> list[str]:
    return [choice.value for choice in choices]


def word(choices: type[StrEnum]) -> Enum:
    """A StrEnum stored as its value, without a CHECK: a new word needs no migration."""
    return Enum(
        choices,
        native_enum=False,
        create_constraint=False,
        length=32,
        values_callable=_values,
    )


def id_column(name: str, *, nullable: bool = False) -> Column[str]:
    """A UUID, in Python its hyphenated lower-case text."""
    return Column(name, IdText(), nullable=nullable)


def column(name: str, kind: Any, *, nullable: bool = False) -> Column[Any]:
    """A column that refuses NULL unless told otherwise."""
    return Column(name, kind, nullable=nullable)
