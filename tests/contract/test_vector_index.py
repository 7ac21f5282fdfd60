"""The contract of the vector index on the fake and on Weaviate."""

from collections.abc import AsyncGenerator

import pytest

from lethe.adapters.fakes.vectors import InMemoryVectorIndex
from lethe.adapters.weaviate import WeaviateIndex
from lethe.settings import Settings, WeaviateSettings
from tests.contract.vector_index import VectorIndexContract


class TestInMemoryVectorIndex(VectorIndexContract):
    @pytest.fixture
    async def index(self) -> InMemoryVectorIndex:
        return InMemoryVectorIndex()


class TestWeaviateIndex(VectorIndexContract):
    @pytest.fixture
    async def index(self, weaviate: WeaviateSettings) -> AsyncGenerator[WeaviateIndex, None]:
        index = WeaviateIndex.from_settings(Settings(weaviate=weaviate))
        yield index
        await index.close()
