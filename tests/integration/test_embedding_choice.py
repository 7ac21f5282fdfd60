"""Which embedder a process takes, and that it does not start beside an index another one made."""

import subprocess
import sys

import pytest
from pydantic import SecretStr

from api.temporal import TemporalLink
from api.wiring import open_services
from lethe.adapters.embedding.choice import open_embedder
from lethe.adapters.fakes.histories import FakeHistories
from lethe.adapters.fakes.schedules import FakeSchedules
from lethe.adapters.sql import SqlLedger
from lethe.errors import EmbeddingSpecMismatch
from lethe.indexing.builds import refuse_other_specs
from lethe.model.indexes import BuildState, EmbeddingSpec
from lethe.settings import Settings, WeaviateSettings
from tests.contract.ledger_rows import add_tenant, build
from workers.bootstrap import bootstrap
from workers.wiring import ingestion_parts

OTHER = EmbeddingSpec("other-model", "7", 384, "as-is")
FREE = Settings().testing.model_copy(update={"free_embedder": True})


@pytest.fixture
async def indexed(sqlite_settings: Settings) -> Settings:
    """A tenant's corpus was indexed with another model; settings are for the free one."""
    ledger = SqlLedger.from_settings(sqlite_settings)
    tenant = await add_tenant(ledger)
    async with ledger.write() as uow:
        await uow.builds.add(build(tenant, spec=OTHER.key))
    await ledger.close()
    return sqlite_settings.model_copy(
        update={
            "testing": FREE,
            "weaviate": WeaviateSettings(url="http://127.0.0.1:9", api_key=SecretStr("unused")),
        }
    )


async def test_the_settings_choose_the_embedder(sqlite_settings: Settings):
    free = sqlite_settings.model_copy(update={"testing": FREE})
    async with open_embedder(sqlite_settings) as one, open_embedder(free) as other:
        assert one.spec.model.startswith("all-MiniLM-L6-v2")
        assert other.spec.model == "free"


async def test_no_process_starts_beside_another_models_index(indexed: Settings):
    with pytest.raises(EmbeddingSpecMismatch, match=r"free@.*other-model@7/384/as-is \(1 tenants\)"):
        await bootstrap(indexed)
    with pytest.raises(EmbeddingSpecMismatch):
        async with ingestion_parts(
            indexed, TemporalLink(indexed.limits.question_seconds), FakeHistories(), FakeSchedules()
        ):
            pass
    with pytest.raises(EmbeddingSpecMismatch):
        async with open_services(indexed, TemporalLink(indexed.limits.question_seconds)):
            pass


async def test_the_same_models_index_and_an_empty_ledger_are_taken(indexed: Settings, sqlite_settings: Settings):
    ledger = SqlLedger.from_settings(indexed)
    await refuse_other_specs(ledger, OTHER)
    async with ledger.write() as uow:
        (tenant,) = await uow.tenants.list()
        (active,) = await uow.builds.list(tenant.id)
        await uow.builds.set_state(tenant.id, active.id, BuildState.DROPPED)
    await refuse_other_specs(ledger, EmbeddingSpec("new", "1", 8, ""))
    await ledger.close()


def test_the_process_says_what_to_do(indexed: Settings):
    ended = subprocess.run(
        [sys.executable, "-m", "workers", "bootstrap"],
        env={
            "PATH": "/usr/bin",
            "LETHE_STATE": str(indexed.state),
            "LETHE_WEAVIATE__URL": indexed.weaviate.url,
            "LETHE_TESTING__FREE_EMBEDDER": "true",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 1
    assert "active indexes were made by other-model@7/384/as-is" in ended.stderr
    assert "Traceback" not in ended.stderr
