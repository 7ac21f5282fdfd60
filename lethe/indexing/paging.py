"""Chunks of many versions, a bounded number at a time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from lethe.errors import Place
from lethe.model.documents import Version

PAGE: Final = 200
"""Objects opened and written at a time: bounds the clear text held in memory."""


@dataclass(frozen=True, slots=True)
class Page:
    """Chunks with start <= ordinal < stop of each of the versions."""

    versions: tuple[Version, ...]
    start: int
    stop: int

    @property
    def place(self) -> Place:
        """Where in its document a failure is; nowhere in particular where the page holds several whole ones."""
        first, *others = self.versions
        if others:
            return Place()
        return Place(first_chunk=self.start, last_chunk=min(self.stop, first.chunk_count) - 1)


def pages(versions: Iterable[Version], size: int) -> Iterator[Page]:
    """All chunks of the versions, about ``size`` at a time: small versions together, a large one in parts."""
    together: list[Version] = []
    held = 0
    for version in versions:
        if version.chunk_count > size:
            for start in range(0, version.chunk_count, size):
                yield Page((version,), start, start + size)
            continue
        if held + version.chunk_count > size:
            yield Page(tuple(together), 0, size)
            together, held = [], 0
        together.append(version)
        held += version.chunk_count
    if together:
        yield Page(tuple(together), 0, size)
