"""Which store's eraser answers for each place of the data map (lethe.ports.personal_data.PersonalDataStore).

A place that nobody answers for says in the map why nothing of a person stays there.
"""

from collections.abc import Mapping
from typing import Final

from lethe.model.personal_data import StoreName

ERASED_BY: Final[Mapping[str, StoreName]] = {
    "api_keys": StoreName.PRINCIPALS,
    "api_key_groups": StoreName.PRINCIPALS,
    "documents": StoreName.DOCUMENTS,
    "document_readers": StoreName.DOCUMENTS,
    "document_versions": StoreName.DOCUMENTS,
    "chunks": StoreName.DOCUMENTS,
    "chunk_vectors": StoreName.DOCUMENTS,
    "embedding_refusals": StoreName.DOCUMENTS,
    "artefacts": StoreName.DOCUMENTS,
    "subjects": StoreName.DOCUMENTS,
    "subject_identifiers": StoreName.DOCUMENTS,
    "subject_links": StoreName.DOCUMENTS,
    "dispatches": StoreName.DOCUMENTS,
    "document_quarantines": StoreName.DOCUMENTS,
    "source_prefixes": StoreName.DOCUMENTS,
    "webhook_deliveries": StoreName.DOCUMENTS,
    "dead_letters": StoreName.DEAD_LETTERS,
    "letter_resolutions": StoreName.DEAD_LETTERS,
    "idempotency_keys": StoreName.REQUESTS,
    "ingestions": StoreName.REQUESTS,
    "ingestion_refusals": StoreName.REQUESTS,
    "quarantines": StoreName.REQUESTS,
    "selections": StoreName.REQUESTS,
    "glossaries": StoreName.REQUESTS,
    "webhooks": StoreName.REQUESTS,
    "sources": StoreName.REQUESTS,
    "source_items": StoreName.DOCUMENTS,
    "sync_items": StoreName.REQUESTS,
    "questions": StoreName.QUESTIONS,
    "answers": StoreName.QUESTIONS,
    "answer_citations": StoreName.QUESTIONS,
    "feedback": StoreName.FEEDBACK,
    "cached_answers": StoreName.ANSWER_CACHE,
    "cached_answer_sources": StoreName.ANSWER_CACHE,
    "processor_calls": StoreName.PROCESSORS,
    "processor_call_refs": StoreName.PROCESSORS,
    "processor_policies": StoreName.PRINCIPALS,
    "data_keys": StoreName.KEYS,
    "collection": StoreName.VECTORS,
    "<state>/keywords/<build>.db or lethe_keywords.<build>_*": StoreName.KEYWORDS,
    "<tenant>/<version>/": StoreName.BLOBS,
    "<tenant>/<ingestion>/": StoreName.BLOBS,
    "namespace": StoreName.HISTORIES,
    "lethe:<environment>:tokens:": StoreName.TOKENS,
    "memory of the API's and the workers' processes": StoreName.TOKENS,
    "<state>/scratch/": StoreName.TOKENS,
    "<state>/": StoreName.LOGS,
    "log_leaves": StoreName.AUDIT_LOG,
}

OUTSIDE: Final = frozenset({StoreName.BACKUPS})
"""Stores that are no place of an installation's own: copies that the operator keeps."""

OF_THE_ERASURE: Final = frozenset({"erasure_identifiers", "erasure_subjects", "erasure_items", "suppressions"})
"""Places that an erasure needs for itself: forgotten when it is certified; the suppressions, which show nobody, stay
until they are lifted.
"""
