"""The steps of documents: one by one, in bulk, by selection, and what becomes of those that failed."""

from datetime import timedelta

from activities.bulk import BulkActivities
from activities.documents import DocumentActivities
from activities.indexing import PublishingActivities
from activities.ingestion import ReadingActivities
from activities.letters import LetterActivities
from activities.selections import SelectionActivities
from lethe.ingestion.bulk.archives import Archives
from lethe.ingestion.bulk.batch import Batches
from lethe.ingestion.bulk.planning import BulkPlanning
from lethe.ingestion.bulk.receiving import Receiving
from lethe.ingestion.deletion import Deletions
from lethe.ingestion.failures import FailureJournal
from lethe.ingestion.letters import Letters
from lethe.ingestion.selections import Selections
from lethe.ingestion.steps.pipeline import Pipeline
from lethe.ingestion.uploads import Uploads
from lethe.settings import Settings
from workers.failpoints import Failpoint
from workers.steps import Steps
from workflows.policies import Queue


def ingestion_steps(
    settings: Settings, pipeline: Pipeline, uploads: Uploads, journal: FailureJournal, letters: Letters
) -> Steps:
    reading = ReadingActivities(pipeline)
    publishing = PublishingActivities(pipeline, uploads.remover)
    deciding = LetterActivities(letters)
    deletions = Deletions(pipeline.ledger, uploads.remover, pipeline.clock)
    documents = DocumentActivities(
        journal,
        deletions,
        pipeline.keyring,
        pipeline.clock,
        settings.limits,
        settings.retention,
        settings.webhooks,
        settings.caching,
    )
    bulk = _bulk(settings, pipeline, uploads, journal)
    selected = SelectionActivities(
        Selections(pipeline.ledger, pipeline.keyring, pipeline.clock),
        deletions,
        pipeline,
        timedelta(days=settings.audit.keep_days),
    )
    return {
        Queue.CPU: [
            reading.validate_document,
            reading.parse_document,
            reading.chunk_document,
            reading.embed_chunks,
        ],
        Queue.EMBED: [reading.chunk_document, reading.embed_chunks],
        Queue.IO: [
            publishing.index_version,
            publishing.verify_version,
            publishing.switch_version,
            publishing.drop_version,
            publishing.apply_metadata,
            bulk.drop_replaced,
            bulk.clear_bulk,
            selected.select_page,
            selected.delete_selected,
            selected.update_selected,
            selected.remove_deleted,
            selected.finish_selection,
        ],
        Queue.CONTROL: [
            documents.open_dead_letter,
            documents.close_dead_letter,
            documents.plan_deletion,
            documents.finish_deletion,
            documents.reap_receiving,
            documents.expire_idempotency,
            documents.expire_ingestions,
            documents.expire_letters,
            documents.expire_cached_answers,
            documents.expire_deliveries,
            documents.expire_dispatches,
            documents.expire_processor_calls,
            deciding.plan_resolution,
            deciding.resolve_page,
            bulk.plan_batches,
            bulk.finish_bulk,
            bulk.change_bulk_state,
            bulk.change_bulk_window,
            bulk.close_bulk,
        ],
        Queue.BULK: [bulk.ingest_batch, bulk.unpack_archive],
    }


def _bulk(settings: Settings, pipeline: Pipeline, uploads: Uploads, journal: FailureJournal) -> BulkActivities:
    receiving = Receiving(pipeline.ledger, pipeline.keyring, uploads, pipeline.clock)
    return BulkActivities(
        Batches(pipeline, uploads.remover, journal),
        BulkPlanning(pipeline.ledger, uploads.remover, pipeline.clock, settings.bulk, settings.limits),
        Archives(receiving, settings.bulk, pipeline.scratch),
        Failpoint.from_settings(settings.testing).reach,
    )
