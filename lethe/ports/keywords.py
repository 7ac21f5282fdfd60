"""The keyword build: a tenant's words in SQL, asked where the vector store does not answer. Derived, rebuildable."""

from collections.abc import Collection, Sequence
from typing import Protocol

from lethe.model.ids import Id
from lethe.model.indexes import IndexBuild
from lethe.ports.vectors import Hit, HybridQuery, KeywordObject, Listed


class KeywordIndex(Protocol):
    """Raises IndexBuildMissing for a build that is not there, or lost what it held; Unavailable if SQL fails."""

    async def create_build(self, build: IndexBuild) -> None:
        """Make the build's own tables if they are missing."""
        ...

    async def drop_build(self, build: IndexBuild) -> None:
        """Remove the build with all its bytes; a missing one is no error."""
        ...

    async def exists(self, build: IndexBuild) -> bool:
        """Whether the build is there and holds what it was given."""
        ...

    async def write(self, build: IndexBuild, objects: Sequence[KeywordObject]) -> None:
        """Write objects by chunk id, all or none; readers and attributes are those of the version's last object."""
        ...

    async def update_properties(
        self, build: IndexBuild, version_id: Id, readers: tuple[Id, ...], attributes: tuple[str, ...]
    ) -> int:
        """Rewrite readers and attributes of a version's objects; returns how many."""
        ...

    async def delete_versions(self, build: IndexBuild, version_ids: Collection[Id]) -> int:
        """Delete every object of the versions; missing ones, or a missing build, are no error."""
        ...

    async def search(self, build: IndexBuild, query: HybridQuery) -> list[Hit]:
        """Best by the query's words alone, at most ``limit``; scores 0..1, the best one's is 1."""
        ...

    async def page(self, build: IndexBuild, after: Id | None, limit: int) -> list[Listed]:
        """The objects with a greater id (held or not), in order of their ids."""
        ...

    async def present(self, build: IndexBuild, chunk_ids: Collection[Id]) -> frozenset[Id]:
        """Those of the objects that are there."""
        ...

    async def delete_objects(self, build: IndexBuild, chunk_ids: Collection[Id]) -> int:
        """Delete objects by id; missing ones are no error. Returns how many were there."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...
