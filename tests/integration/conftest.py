"""An installation with a worker running, shared by the tests of a module: each takes documents of its own."""

import secrets
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest
import pytest_asyncio

from lethe.adapters.sql import SqlLedger
from lethe.settings import LimitSettings, Settings, WeaviateSettings
from tests.conftest import settings_at
from tests.integration.house import House, open_house
from tests.integration.installation import Installation, installation
from tests.servers.embedding_provider import EmbeddingProvider, running_provider
from tests.servers.postgres import Postgres
from tests.servers.temporal import temporal_server


@pytest.fixture(scope="session")
def temporal_address() -> Generator[str]:
    with temporal_server() as address:
        yield address


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def prepared(
    temporal_address: str, weaviate: WeaviateSettings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Installation]:
    """Stores are ready; no worker runs."""
    state: Path = tmp_path_factory.mktemp("prepared")
    async with installation(_quick(state), temporal_address, weaviate) as ready:
        yield ready


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def free(
    temporal_address: str, weaviate: WeaviateSettings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Installation]:
    """Stores are ready, no worker runs; embeddings cost nothing but are counted."""
    settings = _quick(tmp_path_factory.mktemp("free"))
    testing = settings.testing.model_copy(update={"free_embedder": True})
    async with installation(settings.model_copy(update={"testing": testing}), temporal_address, weaviate) as ready:
        yield ready


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stand_in() -> AsyncGenerator[EmbeddingProvider]:
    """Speaks the protocol of a paid provider of embeddings, and misbehaves on demand."""
    async with running_provider() as provider:
        yield provider


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def sql_urls(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Where ledger and key ring are; empty addresses are SQLite files under the state folder."""
    if request.param == "sqlite":
        return "", ""
    postgres: Postgres = request.getfixturevalue("postgres")
    names = [f"running_{secrets.token_hex(6)}" for _ in ("ledger", "keyring")]
    return postgres.create_database(names[0]), postgres.create_database(names[1])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(
    sql_urls: tuple[str, str],
    temporal_address: str,
    weaviate: WeaviateSettings,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncGenerator[Installation]:
    """A worker runs; on both SQL engines."""
    state: Path = tmp_path_factory.mktemp("running")
    async with installation(_quick(state, *sql_urls), temporal_address, weaviate) as ready, ready.worker():
        yield ready


@pytest_asyncio.fixture
async def house(ledger: SqlLedger) -> AsyncGenerator[House]:
    """One tenant's use cases, on both SQL engines."""
    async with open_house(ledger) as opened:
        yield opened


def _quick(state: Path, ledger_url: str = "", keyring_url: str = "") -> Settings:
    return settings_at(state, ledger_url, keyring_url).model_copy(
        update={"limits": LimitSettings(drop_after_seconds=1)}
    )
