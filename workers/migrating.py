"""The steps of migrations, from the ports of the ingestion steps."""

from activities.migrations import MigrationActivities
from lethe.indexing.migration.checking import VectorCheck
from lethe.indexing.migration.rechecking import Recheck
from lethe.indexing.migration.running import MigrationRunner
from lethe.indexing.planning import BuildPlanner
from lethe.ingestion.steps.embedding import LostVectors
from lethe.ingestion.steps.pipeline import Pipeline
from lethe.retrieval.migrating import MigrationGate
from lethe.retrieval.shadowing import ShadowReader
from lethe.settings import Settings
from workers.steps import Steps
from workflows.policies import Queue


def migration_steps(settings: Settings, pipeline: Pipeline) -> Steps:
    ledger, keyring, index = pipeline.ledger, pipeline.keyring, pipeline.index
    runner = MigrationRunner(BuildPlanner(ledger, index, pipeline.keywords, pipeline.clock), settings.migrations)
    check = VectorCheck(ledger, keyring, index, LostVectors(pipeline), settings.indexing, settings.migrations)
    models = (pipeline.embedder, *pipeline.others)
    reader = ShadowReader(ledger, keyring, index, models, settings.retrieval, settings.migrations)
    steps = MigrationActivities(runner, MigrationGate(check, reader, runner), Recheck(check, runner))
    return {
        Queue.IO: [
            steps.open_migration,
            steps.look_at_migration,
            steps.check_migration,
            steps.judge_migration,
            steps.verify_migration,
            steps.settle_migration,
        ],
        Queue.CONTROL: [steps.expire_migrations],
    }
