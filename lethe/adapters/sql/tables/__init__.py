"""The ledger's schema. Every primary and foreign key begins with tenant_id, so no row can refer to another tenant's.

Columns called `sealed_*` hold ciphertext only; which key opens them is declared in lethe.privacy.data_map.
Without a tenant are environment_stamp, which says whose store this is, and the log of erasures, which is one for all.
"""

from lethe.adapters.sql.tables.audit_log import log_checkpoints, log_leaves
from lethe.adapters.sql.tables.audits import audit_counts, audits, selections
from lethe.adapters.sql.tables.caches import cached_answer_sources, cached_answers
from lethe.adapters.sql.tables.documents import (
    chunk_vectors,
    chunks,
    document_readers,
    document_versions,
    documents,
    embedding_refusals,
)
from lethe.adapters.sql.tables.erasures import (
    erasure_identifiers,
    erasure_items,
    erasure_stores,
    erasure_subjects,
    erasures,
    suppressions,
)
from lethe.adapters.sql.tables.feedback import feedback, feedback_counts
from lethe.adapters.sql.tables.glossaries import glossaries
from lethe.adapters.sql.tables.indexes import artefacts, index_builds
from lethe.adapters.sql.tables.ingestions import ingestion_refusals, ingestions
from lethe.adapters.sql.tables.metadata import metadata
from lethe.adapters.sql.tables.migrations import migrations
from lethe.adapters.sql.tables.operations import (
    dead_letters,
    dispatches,
    idempotency_keys,
    ingestion_tallies,
    letter_resolutions,
)
from lethe.adapters.sql.tables.probes import embedding_probes, embedding_references, quality_probes
from lethe.adapters.sql.tables.processors import processor_call_refs, processor_calls, processor_policies
from lethe.adapters.sql.tables.quarantines import document_quarantines, quarantines, source_prefixes
from lethe.adapters.sql.tables.questions import answer_citations, answers, questions
from lethe.adapters.sql.tables.reindexing import reindexes
from lethe.adapters.sql.tables.retention import retention_counts, retention_policies, retention_runs
from lethe.adapters.sql.tables.sources import source_items, sources, sync_items, syncs
from lethe.adapters.sql.tables.stamp import environment_stamp
from lethe.adapters.sql.tables.subjects import subject_identifiers, subject_links, subjects
from lethe.adapters.sql.tables.tenants import api_key_groups, api_keys, tenants
from lethe.adapters.sql.tables.webhooks import webhook_deliveries, webhooks

__all__ = [
    "answer_citations",
    "answers",
    "api_key_groups",
    "api_keys",
    "artefacts",
    "audit_counts",
    "audits",
    "cached_answer_sources",
    "cached_answers",
    "chunk_vectors",
    "chunks",
    "dead_letters",
    "dispatches",
    "document_quarantines",
    "document_readers",
    "document_versions",
    "documents",
    "embedding_probes",
    "embedding_references",
    "embedding_refusals",
    "environment_stamp",
    "erasure_identifiers",
    "erasure_items",
    "erasure_stores",
    "erasure_subjects",
    "erasures",
    "feedback",
    "feedback_counts",
    "glossaries",
    "idempotency_keys",
    "index_builds",
    "ingestion_refusals",
    "ingestion_tallies",
    "ingestions",
    "letter_resolutions",
    "log_checkpoints",
    "log_leaves",
    "metadata",
    "migrations",
    "processor_call_refs",
    "processor_calls",
    "processor_policies",
    "quality_probes",
    "quarantines",
    "questions",
    "reindexes",
    "retention_counts",
    "retention_policies",
    "retention_runs",
    "selections",
    "source_items",
    "source_prefixes",
    "sources",
    "subject_identifiers",
    "subject_links",
    "subjects",
    "suppressions",
    "sync_items",
    "syncs",
    "tenants",
    "webhook_deliveries",
    "webhooks",
]
