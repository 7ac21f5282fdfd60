"""What follows sources: the activities of their rounds, and who looks how old the last good ones are."""

from activities.sync import SyncActivities
from lethe.ingestion.bulk.ingestions import Ingestions
from lethe.ingestion.bulk.receiving import Receiving
from lethe.ingestion.steps.pipeline import Pipeline
from lethe.ingestion.sync.syncing import Syncing
from lethe.ingestion.uploads import Uploads
from lethe.ports.schedules import Schedules
from lethe.ports.sources import SourceReaders
from lethe.settings import Settings
from workers.failpoints import Failpoint
from workers.steps import Steps
from workflows.policies import Queue


def sync_steps(
    settings: Settings, pipeline: Pipeline, uploads: Uploads, readers: SourceReaders, schedules: Schedules
) -> Steps:
    syncing = Syncing(
        ledger=pipeline.ledger,
        keyring=pipeline.keyring,
        readers=readers,
        receiving=Receiving(pipeline.ledger, pipeline.keyring, uploads, pipeline.clock),
        ingestions=Ingestions(pipeline.ledger, pipeline.keyring, pipeline.clock),
        clock=pipeline.clock,
        settings=settings.sync,
    )
    sync = SyncActivities(syncing, pipeline, schedules, Failpoint.from_settings(settings.testing).reach)
    return {
        Queue.IO: [
            sync.compare_source,
            sync.apply_mapping,
            sync.take_items,
            sync.remove_vanished,
            sync.remove_source_documents,
        ],
        Queue.CONTROL: [
            sync.arrange_source,
            sync.begin_round,
            sync.look_at_decision,
            sync.begin_intake,
            sync.close_intake,
            sync.look_at_intake,
            sync.finish_round,
            sync.fail_round,
            sync.forget_source,
        ],
    }
