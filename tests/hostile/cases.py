"""What a hostile file is."""

from dataclasses import dataclass

INGESTED = "ingested"
"""Looks hostile, and can be read like any other."""

Make = tuple[str, bytes, str]
"""A file's name, its bytes, and the code of its dead letter or INGESTED."""


@dataclass(frozen=True, slots=True)
class Case:
    """One variant of a class; ``filename`` says which."""

    klass: str
    filename: str
    data: bytes
    expected: str
