"""The bare path: embed the question and search the same Weaviate tenant, in the process that asks; nothing else."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bench.index import index_client
from bench.installation import Installation
from lethe.adapters.clock import SystemClock
from lethe.adapters.embedding.choice import open_embedder
from lethe.adapters.weaviate import WeaviateIndex
from lethe.model.ids import Id, new_id
from lethe.model.indexes import BuildKind, BuildState, IndexBuild, collection_name
from lethe.model.terms import query_terms
from lethe.ports.embedding import Embedder, InputKind
from lethe.ports.vectors import Hit, HybridQuery
from lethe.retrieval.languages import question_languages
from lethe.settings import Settings, TestingSettings

LIMIT = 50
"""As many as Lethe asks for before the gate."""


@dataclass(frozen=True, slots=True)
class BarePath:
    """A search as a script would make it: no rights, no ledger, no workflow."""

    index: WeaviateIndex
    embedder: Embedder
    build: IndexBuild
    reader: Id

    async def search(self, question: str) -> list[Hit]:
        vector = (await self.embedder.embed([question], InputKind.QUERY))[0]
        query = HybridQuery(
            terms=query_terms(question, question_languages(question)),
            vector=vector,
            alpha=0.5,
            limit=LIMIT,
            readers=frozenset({self.reader}),
        )
        return await self.index.search(self.build, query)


@asynccontextmanager
async def bare_path(installation: Installation) -> AsyncGenerator[BarePath]:
    """Over the only tenant of the installation's index."""
    settings = _settings(installation)
    async with open_embedder(settings) as embedder:
        await embedder.embed(["warm up"], InputKind.QUERY)
        name = collection_name(embedder.spec.key)
        tenant = await _only_tenant(settings, name)
        tenant_id, number = _parts(tenant)
        index = WeaviateIndex.from_settings(settings)
        build = IndexBuild(
            tenant_id=tenant_id,
            id=new_id(),
            kind=BuildKind.VECTOR,
            spec=embedder.spec.key,
            number=number,
            collection=name,
            state=BuildState.ACTIVE,
            seq=0,
            created_at=SystemClock().now(),
        )
        try:
            yield BarePath(index, embedder, build, tenant_id)
        finally:
            await index.close()


def _settings(installation: Installation) -> Settings:
    return Settings(
        _env_file=None,  # pyright: ignore[reportCallIssue]
        weaviate=installation.weaviate,
        testing=TestingSettings(free_embedder=installation.is_free),
    )


async def _only_tenant(settings: Settings, collection: str) -> str:
    async with index_client(settings.weaviate) as client:
        (tenant,) = await client.collections.get(collection).tenants.get()
    return tenant


def _parts(physical: str) -> tuple[Id, int]:
    """The tenant's id and the build's number of `t<uuid hex>_b<n>`."""
    digits, number = physical.removeprefix("t").split("_b")
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])), int(number)
