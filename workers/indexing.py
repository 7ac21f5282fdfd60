"""The steps of index builds, and of the audit that compares them with the ledger."""

from activities.audit import AuditActivities
from activities.index_builds import IndexBuildActivities
from lethe.indexing.audit import Auditor
from lethe.indexing.audit.pacing import Pace
from lethe.indexing.cutover import Cutover
from lethe.indexing.following import Follower
from lethe.indexing.keyword_builds import KeywordBuilds
from lethe.indexing.planning import BuildPlanner
from lethe.indexing.reconciling import Reconciler
from lethe.ingestion.steps.embedding import LostVectors
from lethe.ingestion.steps.pipeline import Pipeline
from lethe.settings import Settings
from workers.steps import Steps
from workflows.policies import Queue


def indexing_steps(settings: Settings, pipeline: Pipeline) -> Steps:
    auditor = Auditor(
        ledger=pipeline.ledger,
        keyring=pipeline.keyring,
        index=pipeline.index,
        blobs=pipeline.blobs,
        vectors=LostVectors(pipeline),
        keywords=pipeline.keywords,
        clock=pipeline.clock,
        settings=settings.audit,
        pace=Pace(settings.indexing.share),
    )
    audit = AuditActivities(auditor)
    building = _building(settings, pipeline, auditor)
    return {
        Queue.IO: [
            audit.begin_audits,
            audit.plan_audit,
            audit.audit_build,
            audit.audit_blobs,
            audit.finish_audit,
            building.plan_build,
            building.follow_build,
            building.reconcile_build,
            building.close_build,
            building.roll_back_build,
            building.abort_build,
            building.finish_build,
        ]
    }


def _building(settings: Settings, pipeline: Pipeline, auditor: Auditor) -> IndexBuildActivities:
    follower = Follower(
        pipeline.ledger,
        pipeline.keyring,
        pipeline.index,
        auditor.vector_filler,
        pipeline.clock,
        settings.indexing,
    )
    return IndexBuildActivities(
        BuildPlanner(pipeline.ledger, pipeline.index, pipeline.keywords, pipeline.clock),
        Reconciler(auditor, settings.indexing),
        Cutover(
            pipeline.ledger,
            follower,
            KeywordBuilds(pipeline.ledger, pipeline.keywords),
            settings.indexing,
            settings.migrations,
            settings.limits.drop_after_seconds,
        ),
    )
