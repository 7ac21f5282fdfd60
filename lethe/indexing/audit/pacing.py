"""How fast builds are written, so that questions and ingestion beside it are not starved."""

import asyncio
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from lethe.indexing.audit.builds import Filler
from lethe.model.documents import Chunk, Version
from lethe.model.ids import Id
from lethe.model.indexes import IndexBuild

PART: Final = 50
"""Chunks between two rests: a question that comes meanwhile waits for the rest of one part at most."""
LONGEST_REST: Final = 1.0
"""Seconds: who waits for a slow model takes nothing from questions."""


@dataclass(slots=True)
class Pace:
    """Of whatever one process writes into builds. ``share``: of the time, 1 for without a rest."""

    share: float
    _rests_until: float = field(default=0.0, init=False)

    async def rest(self) -> None:
        """What was worked owes. Before the next part, not after it: what was written is looked after at once."""
        if (left := self._rests_until - time.monotonic()) > 0:
            await asyncio.sleep(left)

    def worked(self, seconds: float) -> None:
        """Owe the other share of the time, behind what is owed already."""
        now = time.monotonic()
        owed = max(self._rests_until - now, 0.0) + seconds * (1 / self.share - 1)
        self._rests_until = now + min(owed, LONGEST_REST)


@dataclass(frozen=True, slots=True)
class Paced:
    """A filler that writes a part at a time and rests in between."""

    filler: Filler
    pace: Pace

    async def withheld(self, build: IndexBuild, chunk_ids: Collection[Id]) -> frozenset[Id]:
        return await self.filler.withheld(build, chunk_ids)

    async def write(
        self, build: IndexBuild, chunks: Sequence[Chunk], versions: Mapping[Id, Version], keys: Mapping[Id, bytes]
    ) -> set[Id]:
        written: set[Id] = set()
        for start in range(0, len(chunks), PART):
            await self.pace.rest()
            began = time.monotonic()
            try:
                written |= await self.filler.write(build, chunks[start : start + PART], versions, keys)
            finally:
                self.pace.worked(time.monotonic() - began)
        return written
