"""The keyword build: a tenant's words in SQL, asked where the vector store does not answer. Derived, rebuildable."""

from collections.abc import Sequence
from typing import Protocol

from lethe.model.indexes import IndexBuild
from lethe.ports.vectors import ChunkIndex, Hit, HybridQuery, KeywordObject


class KeywordIndex(ChunkIndex, Protocol):
    """Raises IndexBuildMissing for a build that is not there, or lost what it held; Unavailable if SQL fails."""

    async def create_build(self, build: IndexBuild) -> None:
        """Make the build's own tables if they are missing."""
        ...

    async def write(self, build: IndexBuild, objects: Sequence[KeywordObject]) -> None:
        """Write objects by chunk id, all or none; readers and attributes are those of the version's last object."""
        ...

    async def search(self, build: IndexBuild, query: HybridQuery) -> list[Hit]:
        """Best by the query's words alone, at most ``limit``; scores 0..1, the best one's is 1."""
        ...
