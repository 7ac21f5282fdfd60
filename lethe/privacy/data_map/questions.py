"""Questions, their answers, and what people thought of those."""

from typing import Final

from lethe.privacy.data_map import erasers
from lethe.privacy.data_map.declaration import (
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

QUESTIONS: Final[tuple[Place, ...]] = (
    place(
        "questions",
        opaque("tenant_id", "id"),
        pseudonym("principal_id", "the caller"),
        pseudonym("readers", "the caller and its groups"),
        sealed("sealed_request", "the question and its filters", Key.QUESTION),
        facts("state"),
        opaque("answered_by"),
        volatile("seq"),
        times("created_at"),
        erasers=(erasers.ANSWERS, erasers.RETENTION),
    ),
    place(
        "answers",
        opaque("tenant_id", "question_id", "index_build_id"),
        facts("mode", "is_degraded", "degraded_reasons", "is_final", "embedding_spec", "provider", "model"),
        facts("model_fingerprint", "prompt_version", "tokens_in", "tokens_out", "cost_micros", "currency"),
        facts("routing", "attempts", "is_regenerated", "costs_micros", "context_tokens", "tokens_saved"),
        facts("citations_removed", "sentences_removed", "groundedness", "judge", "judge_prompt"),
        sealed("sealed_body", "sentences of the cited documents", Key.QUESTION),
        sealed("sealed_trace", "what was searched for: the question, rewritten", Key.QUESTION),
        volatile("seq", "timings_ms"),
        times("created_at"),
        erasers=(erasers.ANSWERS, erasers.RETENTION),
    ),
    place(
        "answer_citations",
        opaque("tenant_id", "question_id", "chunk_id", "version_id", "document_id"),
        facts("number", "score"),
        digest("text_hmac", "the cited text"),
        erasers=(erasers.ANSWERS, erasers.RETENTION),
    ),
    place(
        "feedback",
        opaque("tenant_id", "question_id"),
        facts("verdict"),
        sealed("sealed_reason", "why the one who asked thinks so", Key.QUESTION),
        times("created_at"),
        erasers=(erasers.ANSWERS, erasers.RETENTION),
    ),
)
