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
    _owed: float = field(default=0.0, init=False)

    async def rest(self) -> None:
        """What the last part owes. Before the next one, not after it: what was written is looked after at once."""
        owed, self._owed = self._owed, 0.0
        if owed:
            await asyncio.sleep(owed)

    def worked(self, seconds: float) -> None:
        """Owe the other share of the time."""
        self._owed = min(seconds * (1 / self.share - 1), LONGEST_REST)


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
            written |= await self.filler.write(build, chunks[start : start + PART], versions, keys)
            self.pace.worked(time.monotonic() - began)
        return written
