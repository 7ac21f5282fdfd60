"""Whether a build's vectors are the ones that its spec's model makes of its texts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lethe.contracts.migrations import Checked, CheckStep, VectorTally
from lethe.errors import IndexBuildMissing
from lethe.indexing.audit.fillers import VectorMaker
from lethe.model.documents import ChunkVector
from lethe.model.ids import Id
from lethe.model.indexes import BuildState, IndexBuild, dims_of
from lethe.ports.keyring import KeyRing
from lethe.ports.ledger import Ledger
from lethe.ports.vectors import VectorIndex
from lethe.privacy.sealing import unseal_vector
from lethe.settings import IndexingSettings, MigrationSettings

PAGE: Final = 200
_NORM: Final = 1e-3
"""How far a norm may be from 1: single precision, and the store's own normalising."""

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Sampled:
    """Texts embedded again; how many the build holds another vector of; how many were withheld: nobody finds them."""

    sampled: int
    failed: int
    least_cosine: float
    withheld: int


@dataclass(frozen=True, slots=True)
class VectorCheck:
    """Every vector against the ledger's, and a sample against the model itself: the ledger's may be wrong as well."""

    ledger: Ledger
    keyring: KeyRing
    index: VectorIndex
    maker: VectorMaker
    pacing: IndexingSettings
    settings: MigrationSettings

    async def step(self, step: CheckStep) -> Checked:
        """Compare some pages. A build that is given up meanwhile has nothing more to compare."""
        after, tally = step.after, step.tally
        for _ in range(self.pacing.pages_per_step):
            async with self.ledger.read() as uow:
                build = await uow.builds.get(step.tenant_id, step.build_id)
            if build is None or build.state is not BuildState.BUILDING:
                return Checked(after=None, tally=tally)
            try:
                after, tally = await self._page(build, after, tally)
            except IndexBuildMissing:
                return Checked(after=None, tally=tally, is_lost=True)
            if after is None:
                break
        return Checked(after=after, tally=tally, pause_seconds=self.pacing.pause_seconds)

    async def _page(self, build: IndexBuild, after: Id | None, tally: VectorTally) -> tuple[Id | None, VectorTally]:
        """Both sides in the order of their ids; returns the last one compared, None at the end."""
        listed = [item.chunk_id for item in await self.index.page(build, after, PAGE)]
        async with self.ledger.read() as uow:
            rows = [row.chunk_id for row in await uow.audits.chunks_after(build.tenant_id, after, PAGE)]
        until = min([page[-1] for page in (listed, rows) if len(page) == PAGE], default=None)
        there, wanted = ([each for each in page if until is None or each <= until] for page in (listed, rows))
        return until, await self.compare(build, wanted, there, tally)

    async def compare(
        self, build: IndexBuild, wanted: Collection[Id], there: Sequence[Id], tally: VectorTally
    ) -> VectorTally:
        """The tally with these chunks: ``wanted`` by the ledger, ``there`` in the build."""
        missing = await self._missing(build, set(wanted).difference(there))
        compared = await self._compared(build, there, tally)
        return compared.model_copy(update={"missing": tally.missing + missing})

    async def _missing(self, build: IndexBuild, absent: Collection[Id]) -> int:
        """How many of them the build had come to before it was read, and is to hold still; not what is withheld."""
        if not absent:
            return 0
        withheld = await self.maker.withheld(build.tenant_id, build.spec, absent)
        async with self.ledger.read() as uow:
            rows = await uow.audits.chunks(build.tenant_id, set(absent) - withheld)
            served = {row.version_id for row in rows.values() if row.live_from is not None}
            versions = await uow.versions.get_many(build.tenant_id, served)
        keys = await self.keyring.get_many(build.tenant_id, versions)
        due = {key for key, version in versions.items() if key in keys and version.changed_seq <= build.seq}
        return sum(row.version_id in due for row in rows.values())

    async def _compared(self, build: IndexBuild, chunk_ids: Sequence[Id], tally: VectorTally) -> VectorTally:
        held = await self.index.vectors(build, chunk_ids)
        async with self.ledger.read() as uow:
            rows = await uow.audits.chunks(build.tenant_id, held)
            recorded = await uow.chunks.vectors_by_id(build.tenant_id, build.spec, held)
        keys = await self.keyring.get_many(build.tenant_id, {row.version_id for row in rows.values()})
        # What has no row or no key any more is on its way out.
        staying = {key: vector for key, vector in held.items() if key in rows and rows[key].version_id in keys}
        broken = {key for key, vector in staying.items() if not _is_sound(vector, dims_of(build.spec))}
        cosines = [
            cosine(vector, _opened(keys, recorded[key]))
            for key, vector in staying.items()
            if key in recorded and key not in broken
        ]
        return VectorTally(
            left=tally.left,
            vectors=tally.vectors + len(staying),
            foreign=tally.foreign + sum(key not in recorded for key in staying),
            broken=tally.broken + len(broken),
            moved=tally.moved + sum(value < self.settings.least_cosine for value in cosines),
            least_cosine=min([tally.least_cosine, *cosines]),
            sample=self._drawn(build, [*tally.sample, *staying]),
        )

    def _drawn(self, build: IndexBuild, chunk_ids: Sequence[Id]) -> list[Id]:
        """By lot, and the same for the same build however its pages come."""
        lots = sorted(chunk_ids, key=lambda each: blake2b(each.encode(), key=build.id.encode()).digest())
        return lots[: self.settings.sample_chunks]

    async def embed_again(self, build: IndexBuild, chunk_ids: Sequence[Id]) -> Sampled:
        """Only what may be found now is sent. Raises EmbedderUnavailable and what else the embedder raises."""
        async with self.ledger.read() as uow:
            stored = await uow.chunks.some(build.tenant_id, chunk_ids)
            chunks = await uow.chunks.served(build.tenant_id, chunk_ids)
        anew = await self.maker.anew(build.tenant_id, build.spec, chunks, build.id)
        held = await self.index.vectors(build, list(anew))
        cosines = [cosine(held[key], vector) for key, vector in anew.items() if key in held]
        failed = sum(value < self.settings.least_cosine for value in cosines)
        return Sampled(len(cosines), failed, min([1.0, *cosines]), withheld=len(stored) - len(anew))


def cosine(one: Vector, other: Vector) -> float:
    """-1 .. 1; -1 for vectors that cannot be compared."""
    if one.shape != other.shape:
        return -1.0
    norms = float(np.linalg.norm(one)) * float(np.linalg.norm(other))
    value = float(one @ other) / norms if norms else -1.0
    return max(-1.0, min(1.0, value)) if np.isfinite(value) else -1.0


def _is_sound(vector: Vector, dims: int) -> bool:
    return (
        vector.shape == (dims,) and bool(np.isfinite(vector).all()) and abs(float(np.linalg.norm(vector)) - 1) < _NORM
    )


def _opened(keys: Mapping[Id, bytes], recorded: ChunkVector) -> Vector:
    return unseal_vector(keys[recorded.version_id], recorded.sealed_vector)
