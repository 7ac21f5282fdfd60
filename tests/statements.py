"""Counting what is asked of SQL."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import event
from sqlalchemy.engine import Engine


@dataclass(slots=True)
class Counted:
    statements: int = 0
    units: int = 0


@contextmanager
def counting() -> Generator[Counted]:
    counted = Counted()

    def statement(*_: object) -> None:
        counted.statements += 1

    def unit(*_: object) -> None:
        counted.units += 1

    event.listen(Engine, "before_cursor_execute", statement)
    event.listen(Engine, "begin", unit)
    try:
        yield counted
    finally:
        event.remove(Engine, "before_cursor_execute", statement)
        event.remove(Engine, "begin", unit)
