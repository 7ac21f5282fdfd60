"""The vector index: a derived, rebuildable store."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lethe.model.conditions import Condition
from lethe.model.ids import Id
from lethe.model.indexes import IndexBuild


@dataclass(frozen=True, slots=True)
class KeywordObject:
    """A chunk as a keyword index holds it.

    ``terms`` is the stop-worded, stemmed text for BM25 (see lethe.model.terms). ``attributes`` are filterable
    metadata as "key=value" strings.
    """

    chunk_id: Id
    document_id: Id
    version_id: Id
    ordinal: int
    terms: str
    readers: tuple[Id, ...]
    attributes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IndexObject(KeywordObject):
    """A chunk as the vector index holds it. ``vector`` has shape (dims,), float32, norm 1."""

    vector: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Hit:
    """A found object and its fused score (relative-score fusion: 0..1)."""

    chunk_id: Id
    version_id: Id
    document_id: Id
    score: float


@dataclass(frozen=True, slots=True)
class Listed:
    """An object as a listing shows it. ``version_id`` is "" where something foreign has none; the rest is sorted."""

    chunk_id: Id
    version_id: Id
    readers: tuple[Id, ...]
    attributes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HybridQuery:
    """A hybrid search: ``alpha`` 1 is vector only, 0 keyword only.

    ``readers``: an object is found if it has at least one of them. ``attributes``: what must hold of its
    "key=value" strings; None: anything.
    """

    terms: str
    vector: NDArray[np.float32] | None
    alpha: float
    limit: int
    readers: frozenset[Id]
    attributes: Condition | None = None


class ChunkIndex(Protocol):
    """What every index of chunks can do, whatever it finds them by. Raises IndexBuildMissing, Unavailable."""

    async def exists(self, build: IndexBuild) -> bool:
        """Whether the build is there; a keyword build also holds what it was given."""
        ...

    async def drop_build(self, build: IndexBuild) -> None:
        """Remove the build's physical tenant with all its bytes; a missing one is no error."""
        ...

    async def update_properties(
        self, build: IndexBuild, version_id: Id, readers: tuple[Id, ...], attributes: tuple[str, ...]
    ) -> int:
        """Rewrite readers and attributes of a version's objects and nothing else; returns how many."""
        ...

    async def delete_versions(self, build: IndexBuild, version_ids: Collection[Id]) -> int:
        """Delete every object of the versions; missing ones, or a missing build, are no error."""
        ...

    async def page(self, build: IndexBuild, after: Id | None, limit: int) -> list[Listed]:
        """What the build really holds: the objects with a greater id (held or not), in order of their ids."""
        ...

    async def present(self, build: IndexBuild, chunk_ids: Collection[Id]) -> frozenset[Id]:
        """Those of the objects that are there, by their ids alone."""
        ...

    async def delete_objects(self, build: IndexBuild, chunk_ids: Collection[Id]) -> int:
        """Delete objects by id; missing ones are no error. Returns how many were there."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...


class VectorIndex(ChunkIndex, Protocol):
    """Raises IndexUnavailable when the store does not answer within its timeout."""

    async def create_build(self, build: IndexBuild, dims: int) -> None:
        """Make the collection and the build's physical tenant if they are missing. Raises IndexParametersRefused."""
        ...

    async def upsert(self, build: IndexBuild, objects: Sequence[IndexObject]) -> None:
        """Write objects by chunk id. Raises IndexWriteFailed if any one of them was refused."""
        ...

    async def chunk_ids(self, build: IndexBuild, version_id: Id) -> frozenset[Id]:
        """The ids of a version's objects, read back."""
        ...

    async def chunk_ids_of(self, build: IndexBuild, counts: Mapping[Id, int]) -> dict[Id, frozenset[Id]]:
        """As `chunk_ids`, for each version in ``counts``, which says how many objects it should have.

        Of a version that has more, some of the others may be missing from the answer as well.
        """
        ...

    async def vectors(self, build: IndexBuild, chunk_ids: Collection[Id]) -> dict[Id, NDArray[np.float32]]:
        """What the objects with these ids are found by, each of shape (dims,), as it was written; no absent ones."""
        ...

    async def search(self, build: IndexBuild, query: HybridQuery) -> list[Hit]:
        """Best first, at most ``limit``."""
        ...

    def all_chunk_ids(self, build: IndexBuild) -> AsyncIterator[Id]:
        """Every id in the build."""
        ...

    async def ready(self) -> bool:
        """Whether the store answers."""
        ...
