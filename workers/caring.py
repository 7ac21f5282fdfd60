"""The steps of what keeps a corpus as it should be: its age, its vectors, its versions."""

from activities.probes import ProbeActivities
from activities.reindexing import ReindexActivities
from activities.retention import RetentionActivities
from lethe.ingestion.probing import Probing
from lethe.ingestion.reindexing import Reindexing
from lethe.ingestion.retaining import Retaining
from lethe.ingestion.steps.pipeline import Pipeline
from lethe.ingestion.uploads import Uploads
from lethe.settings import Settings
from workers.steps import Steps
from workflows.policies import Queue


def caring_steps(settings: Settings, pipeline: Pipeline, uploads: Uploads) -> Steps:
    retaining = RetentionActivities(Retaining(pipeline.ledger, pipeline.keyring, pipeline.clock, settings.retention))
    probes = ProbeActivities(Probing(pipeline, settings.probes))
    reindexing = ReindexActivities(Reindexing(uploads, settings.answering, _priced(settings)))
    return {
        Queue.IO: [
            retaining.begin_retention,
            retaining.plan_retention,
            retaining.expire_page,
            retaining.finish_retention,
            probes.begin_probes,
            probes.probe_embeddings,
            reindexing.reindex_page,
            reindexing.reindex_waiting,
            reindexing.finish_reindex,
        ]
    }


def _priced(settings: Settings) -> str:
    """Whom vectors are asked of, as the price table names it; "" for a model in this process."""
    outside = settings.outside(settings.embedding.provider)
    return next((f"{name.value}:{section.embedding_model}" for name, section in outside), "")
