"""The steps of what keeps a corpus as it should be: its age, its vectors, its versions."""

from collections.abc import Sequence

from activities.probes import ProbeActivities
from activities.reindexing import ReindexActivities
from activities.retention import RetentionActivities
from lethe.answering.quality import QualityProbing
from lethe.indexing.migration.targets import Target
from lethe.ingestion.probing import Probing
from lethe.ingestion.reindexing import Reindexing
from lethe.ingestion.retaining import Retaining
from lethe.ingestion.steps.pipeline import Pipeline
from lethe.ingestion.uploads import Uploads
from lethe.retrieval.ladder import KeywordRung
from lethe.retrieval.search import Search
from lethe.settings import Settings
from workers.steps import Steps
from workflows.policies import Queue


def caring_steps(settings: Settings, pipeline: Pipeline, uploads: Uploads, targets: Sequence[Target]) -> Steps:
    retaining = RetentionActivities(Retaining(pipeline.ledger, pipeline.keyring, pipeline.clock, settings.retention))
    probes = ProbeActivities(Probing(pipeline, settings.probes), _quality(settings, pipeline))
    reindexing = ReindexActivities(
        Reindexing(uploads, settings.answering, targets, settings.migrations.tokens_per_second)
    )
    return {
        Queue.IO: [
            retaining.begin_retention,
            retaining.plan_retention,
            retaining.expire_page,
            retaining.finish_retention,
            probes.begin_probes,
            probes.probe_embeddings,
            probes.probe_quality,
            reindexing.reindex_page,
            reindexing.reindex_waiting,
            reindexing.finish_reindex,
        ]
    }


def _quality(settings: Settings, pipeline: Pipeline) -> QualityProbing:
    ledger, keyring = pipeline.ledger, pipeline.keyring
    search = Search(
        ledger,
        keyring,
        pipeline.index,
        pipeline.embedder,
        settings.retrieval,
        KeywordRung(ledger, pipeline.keywords),
        others=pipeline.others,
    )
    return QualityProbing(ledger, keyring, search, pipeline.clock, settings.probes)
