"""A model that was changed silently: under another revision everything is embedded anew, and writing goes on."""

from dataclasses import replace

import pytest
from pydantic import SecretStr

from lethe.adapters.clock import SystemClock
from lethe.adapters.embedding.choice import open_embedder, open_other_embedders
from lethe.adapters.fakes.embedding import HashEmbedder
from lethe.contracts.probes import ProbeRef
from lethe.errors import EmbeddingModelChanged
from lethe.indexing.migration.targets import find, targets_of
from lethe.ingestion.probing import Probing
from lethe.model.indexes import EmbeddingSpec
from lethe.privacy.processors import ProcessorLedger
from lethe.settings import (
    EmbeddingProvider,
    EmbeddingSettings,
    MigrationSettings,
    OpenAiSettings,
    ProbeSettings,
    Settings,
)
from tests.unit.indexing.migrating import Migrating
from tests.unit.indexing.world import World


class Changed(HashEmbedder):
    """The model as it is now, by a revision that may be the former one."""

    revision = "1"

    @property
    def spec(self) -> EmbeddingSpec:
        return replace(HashEmbedder().spec, revision=self.revision)


async def test_the_former_revision_serves_until_each_tenant_has_migrated(world: World) -> None:
    section = OpenAiSettings(api_key=SecretStr("unused"), embedding_revision="2", embedding_former_revisions=("1", "2"))
    settings = Settings(
        embedding=EmbeddingSettings(provider=EmbeddingProvider.OPENAI, others=(EmbeddingProvider.MINILM,)),
        openai=section,
    )
    calls = ProcessorLedger(world.ledger, SystemClock())
    async with open_embedder(settings, calls) as serving, open_other_embedders(settings, calls) as others:
        assert [provider for provider, _ in others] == [EmbeddingProvider.MINILM, EmbeddingProvider.OPENAI]
        former = others[1][1].spec
        assert (serving.spec.revision, former) == ("2", replace(serving.spec, revision="1"))
        targets = targets_of(settings, serving, others)
        assert find(targets, section.embedding_model).spec == serving.spec
        assert find(targets, former.key).spec == former


async def test_a_raised_revision_embeds_everything_anew(world: World) -> None:
    await world.write(1, "alpha\nbeta")
    probe = ProbeRef(tenant_id=world.tenant_id)
    await Probing(world.pipeline, ProbeSettings()).probe(probe)
    former, raised = Changed("now"), Changed("now")
    raised.revision = "2"
    world.embedder, world.other = former, raised
    world.pipeline = replace(world.pipeline, embedder=former, others=(raised,))
    assert (await Probing(world.pipeline, ProbeSettings()).probe(probe)).is_changed
    with pytest.raises(EmbeddingModelChanged):
        await world.write(2, "gamma")

    migrating = Migrating(world, MigrationSettings())
    ref = await migrating.begun()
    assert sorted(raised.texts) == ["alpha", "beta"]
    await migrating.serving(ref)
    await world.write(3, "gamma")
    assert "gamma" in raised.texts
    assert not (
        await Probing(replace(world.pipeline, embedder=raised, others=()), ProbeSettings()).probe(probe)
    ).is_changed
