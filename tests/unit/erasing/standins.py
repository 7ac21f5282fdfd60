"""Stores that remember what was written to them, and histories that end what they are told to."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from lethe.adapters.fakes.blobs import FakeBlobs
from lethe.adapters.fakes.histories import FakeHistories
from lethe.model.ids import Id
from lethe.model.indexes import IndexBuild
from lethe.ports.vectors import IndexObject
from tests.unit.indexing.corpus import InterruptedIndex


class EndingHistories(FakeHistories):
    """Cancelling a workflow ends it before its next step."""

    def __init__(self) -> None:
        super().__init__()
        self.cancelled: set[str] = set()

    async def cancel(self, workflow_ids: Sequence[str]) -> None:
        self.cancelled.update(workflow_ids)
        await super().cancel(workflow_ids)


class RememberedIndex(InterruptedIndex):
    """Its writes may land once more, at any time: a request may wait in a socket for longer than its sender lives."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[tuple[IndexBuild, Sequence[IndexObject]]] = []

    async def upsert(self, build: IndexBuild, objects: Sequence[IndexObject]) -> None:
        self.written.append((build, tuple(objects)))
        await super().upsert(build, objects)


class RememberedBlobs(FakeBlobs):
    """As `RememberedIndex`."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[tuple[str, bytes]] = []

    async def write(self, key: str, data: AsyncIterator[bytes]) -> int:
        size = await super().write(key, data)
        self.written.append((key, self.contents[key]))
        return size


@dataclass
class Flight:
    """A version on its way in. ``done``: steps behind it."""

    number: int
    version_id: Id
    people: frozenset[str]
    fact: str
    done: int = 0
    is_over: bool = False
    is_live: bool = False
