"""One tenant in one process: a real SQLite ledger, the other stores in memory, the real steps of an ingestion."""

import numpy as np

from lethe.contracts.indexing import BuildPlan, BuildRef, ReconcileStep, TakeBack
from lethe.indexing.audit import Auditor
from lethe.indexing.audit.fillers import VectorFiller
from lethe.indexing.audit.pacing import Pace
from lethe.indexing.cutover import Cutover
from lethe.indexing.following import Follower
from lethe.indexing.keyword_builds import KeywordBuilds
from lethe.indexing.objects import version_attributes
from lethe.indexing.planning import BuildPlanner
from lethe.indexing.reconciling import Reconciler
from lethe.ingestion.steps.embedding import LostVectors
from lethe.model.ids import Id, chunk_id, new_id
from lethe.model.indexes import BuildKind, IndexBuild
from lethe.privacy.sealing import unseal_vector
from lethe.settings import IndexingSettings, MigrationSettings, Settings
from tests.unit.indexing.corpus import Corpus, InterruptedIndex

Wanted = dict[Id, tuple[tuple[Id, ...], tuple[str, ...], bytes]]


class World(Corpus):
    """The same corpus with its builds, and what must hold of them."""

    # What is under test.

    @property
    def settings(self) -> IndexingSettings:
        return IndexingSettings(page_documents=2, page_chunks=5, pages_per_step=1, pause_seconds=0, closing_tries=1)

    @property
    def auditor(self) -> Auditor:
        return Auditor(
            ledger=self.ledger,
            keyring=self.pipeline.keyring,
            index=self.index,
            blobs=self.pipeline.blobs,
            vectors=LostVectors(self.pipeline),
            keywords=self.keywords,
            clock=self.pipeline.clock,
            settings=Settings().audit.model_copy(update={"page": 3, "settle_seconds": -1.0}),
            pace=Pace(share=1.0),
        )

    @property
    def follower(self) -> Follower:
        filler = VectorFiller(self.ledger, self.index, LostVectors(self.pipeline))
        return Follower(self.ledger, self.pipeline.keyring, self.index, filler, self.pipeline.clock, self.settings)

    @property
    def cutover(self) -> Cutover:
        keywords = KeywordBuilds(self.ledger, self.keywords)
        return Cutover(self.ledger, self.follower, keywords, self.settings, MigrationSettings(), 60.0)

    @property
    def planner(self) -> BuildPlanner:
        return BuildPlanner(self.ledger, self.index, self.keywords, self.pipeline.clock)

    async def plan(self, kind: BuildKind = BuildKind.VECTOR, spec: str | None = None) -> BuildRef:
        wish = BuildPlan(tenant_id=self.tenant_id, build_id=new_id(), kind=kind, spec=spec)
        build = await self.planner.plan(wish, dispatches=False)
        assert build
        return self.ref(build)

    async def followed(self, ref: BuildRef) -> None:
        """Until nothing is left."""
        while (await self.follower.step(ref)).lag:
            pass

    async def reconciled(self, ref: BuildRef) -> int:
        reconciler, after, repaired = Reconciler(self.auditor, self.settings), None, 0
        while True:
            done = await reconciler.step(ReconcileStep(**ref.model_dump(), after=after))
            after, repaired = done.after, repaired + done.repaired
            if after is None:
                return repaired

    def ref(self, build: IndexBuild) -> BuildRef:
        return BuildRef(tenant_id=self.tenant_id, build_id=build.id)

    async def back_to(self, ref: BuildRef) -> TakeBack:
        """From whatever serves now."""
        async with self.ledger.read() as uow:
            active = await uow.builds.active(self.tenant_id, BuildKind.VECTOR)
        assert active
        return TakeBack(**ref.model_dump(), serving=active.id)

    async def builds(self, kind: BuildKind = BuildKind.VECTOR) -> list[IndexBuild]:
        async with self.ledger.read() as uow:
            return [build for build in await uow.builds.list(self.tenant_id) if build.kind is kind]

    async def build(self, ref: BuildRef) -> IndexBuild:
        async with self.ledger.read() as uow:
            build = await uow.builds.get(self.tenant_id, ref.build_id)
        assert build
        return build

    # What must hold.

    async def wanted(self, spec: str) -> Wanted:
        """Readers, attributes and vector of each chunk that is served."""
        async with self.ledger.read() as uow:
            versions = [
                version
                for version in await uow.versions.changed_after(self.tenant_id, 0, 1_000)
                if version.live_until is None
            ]
            found: Wanted = {}
            for version in versions:
                key = await self.pipeline.keyring.get(self.tenant_id, version.id)
                for vector in (await uow.chunks.vectors(self.tenant_id, version.id, spec)).values():
                    found[vector.chunk_id] = (
                        tuple(sorted(version.readers)),
                        version_attributes(key, version),
                        unseal_vector(key, vector.sealed_vector).tobytes(),
                    )
        return found

    def held(self, build: IndexBuild) -> Wanted:
        return {
            key: (tuple(sorted(item.readers)), item.attributes, np.asarray(item.vector, np.float32).tobytes())
            for key, item in self.memory.held(build).items()
        }

    async def assert_equal(self, build: IndexBuild) -> None:
        assert self.held(build) == await self.wanted(build.spec)

    @property
    def memory(self) -> InterruptedIndex:
        assert isinstance(self.index, InterruptedIndex)
        return self.index

    async def reading(self, seq: int) -> IndexBuild:
        async with self.ledger.read() as uow:
            build = await uow.builds.reading(self.tenant_id, BuildKind.VECTOR, seq)
        assert build
        return build

    async def seq(self) -> int:
        async with self.ledger.read() as uow:
            return await uow.tenants.seq(self.tenant_id)

    async def live_at(self, seq: int) -> set[Id]:
        """The chunks that the gate lets a question of ``seq`` see."""
        async with self.ledger.read() as uow:
            versions = await uow.versions.changed_after(self.tenant_id, 0, 1_000)
            documents = await uow.documents.get_many(self.tenant_id, {version.document_id for version in versions})
        return {
            chunk_id(version.id, ordinal)
            for version in versions
            if version.live_from is not None
            and version.live_from <= seq < (version.live_until or seq + 1)
            and documents[version.document_id].deleted_at is None
            for ordinal in range(version.chunk_count)
        }
