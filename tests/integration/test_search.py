"""The contract of the search on real Weaviate with the ledger and the key ring on SQLite and on PostgreSQL.

The embedder is the free one: which vectors are compared is not what these tests are about.
"""

from collections.abc import AsyncGenerator

import pytest

from lethe.adapters.fakes.embedding import HashEmbedder
from lethe.adapters.keyring import SqlKeyRing
from lethe.adapters.sql import SqlLedger
from lethe.adapters.weaviate import WeaviateIndex
from lethe.settings import Settings, WeaviateSettings
from tests.contract.passage_search import PassageSearchContract
from tests.corpus import Corpus


class TestSearchOnRealStores(PassageSearchContract):
    @pytest.fixture
    async def corpus(self, sql_settings: Settings, weaviate: WeaviateSettings) -> AsyncGenerator[Corpus, None]:
        settings = sql_settings.model_copy(update={"weaviate": weaviate})
        ledger, keyring = SqlLedger.from_settings(settings), SqlKeyRing.from_settings(settings)
        index = WeaviateIndex.from_settings(settings)
        yield await Corpus.make(ledger, keyring, index, HashEmbedder())
        for port in (index, keyring, ledger):
            await port.close()
