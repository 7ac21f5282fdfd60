"""Documents, their versions and chunks, and whom they are about."""

from typing import Final

from lethe.privacy.data_map import erasers
from lethe.privacy.data_map.declaration import (
    Category,
    Key,
    Place,
    digest,
    facts,
    opaque,
    place,
    pseudonym,
    sealed,
    times,
    volatile,
)

DOCUMENTS: Final[tuple[Place, ...]] = (
    place(
        "documents",
        opaque("tenant_id", "id", "live_version_id", "expired_by"),
        digest("source_hmac", "the source URI"),
        facts("status", "epoch", "next_submission", "live_submission"),
        times("created_at", "updated_at", "deleted_at", "fenced_at", "restricted_at", "renewed_at", "expires_at"),
        facts("restriction_reason", "purpose", "legal_basis"),
        erasers=(erasers.DOCUMENT,),
    ),
    place(
        "document_readers",
        opaque("tenant_id", "document_id"),
        pseudonym("reader_id", "a caller or group that may read the document"),
        erasers=(erasers.DOCUMENT, "lethe.ports.ledger:DocumentRepository.set_readers"),
    ),
    place(
        "document_versions",
        opaque("tenant_id", "id", "document_id", "blob_key"),
        facts("submission", "epoch", "status", "classification", "title_given", "filename_suffix", "media_type"),
        facts("size_bytes", "chunk_count"),
        pseudonym("readers", "callers and groups named at upload"),
        sealed("sealed_source_uri", "file names and paths", Key.VERSION),
        sealed("sealed_title", "the title", Key.VERSION),
        sealed("sealed_metadata", "metadata values", Key.VERSION),
        times("created_at", "updated_at", "rewritten_at"),
        digest("content_hmac", "the bytes"),
        digest("content_fp", "the bytes and the pipeline"),
        digest("meta_fp", "title, metadata and readers"),
        volatile("live_from", "live_until", "changed_seq"),
        opaque("ingestion_id", "source_id"),
        facts("position", "archive_entry", "made_by_parser", "made_by_chunker", "made_by_policy"),
        erasers=(erasers.VERSION,),
    ),
    place(
        "chunks",
        opaque("tenant_id", "id", "version_id", "document_id"),
        facts("ordinal", "start", "end", "tokens", "language", "page", "suspicion"),
        sealed("sealed_text", "the text", Key.VERSION),
        sealed("sealed_section", "titles above the text", Key.VERSION),
        digest("text_hmac", "the text"),
        erasers=(erasers.VERSION,),
    ),
    place(
        "chunk_vectors",
        opaque("tenant_id", "chunk_id", "version_id"),
        facts("spec"),
        digest("text_hmac", "the text"),
        sealed("sealed_vector", "an embedding, from which most short texts can be recovered", Key.VERSION),
        erasers=(erasers.VERSION, "lethe.indexing.migration.expiring:expire_vectors"),
    ),
    place(
        "embedding_refusals",
        opaque("tenant_id", "chunk_id"),
        facts("spec", "code"),
        times("created_at"),
        erasers=(erasers.VERSION,),
    ),
    place("subjects", opaque("tenant_id", "id"), times("created_at"), erasers=(erasers.VERSION,)),
    place(
        "subject_identifiers",
        opaque("tenant_id", "subject_id"),
        facts("kind"),
        digest("blind", "the identifier"),
        sealed("sealed_identifier", "mail, phone, name, staff number", Key.SUBJECT, Category.IDENTIFIER),
        erasers=(erasers.VERSION,),
    ),
    place(
        "subject_links",
        opaque("tenant_id", "version_id"),
        pseudonym("subject_id", "a person the version is about"),
        erasers=(erasers.VERSION,),
    ),
)
