"""JSON logs of opaque ids, and the process's Prometheus metrics.

Logs hold ids, codes and counts only: never a text, a title, a file name or an exception's message.
"""

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The X-Request-ID of the request being served, for every log line it causes."""

_LATENCY: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)

QUERIES: Final = Counter("rag_queries", "Questions answered", ["mode"])
QUERY_DURATION: Final = Histogram("rag_query_duration_seconds", "Whole question", buckets=_LATENCY)
ERRORS: Final = Counter("rag_errors", "Errors by code", ["type"])
RETRIEVAL_LATENCY: Final = Histogram("rag_retrieval_latency_seconds", "Retrieve step", buckets=_LATENCY)
RETRIEVER_DURATION: Final = Histogram("retriever_query_duration_seconds", "Vector store search", buckets=_LATENCY)
EMPTY_RETRIEVALS: Final = Counter("rag_empty_retrievals", "Questions for which nothing relevant was found")
CACHE_HITS: Final = Counter("rag_cache_hits", "Questions answered by an earlier answer", ["kind"])
CACHE_MISSES: Final = Counter("rag_cache_misses", "Questions no earlier answer was found for", ["kind"])
HTTP_REQUESTS: Final = Counter("rag_http_requests", "Requests answered", ["method", "route", "status"])
HTTP_DURATION: Final = Histogram("rag_http_request_duration_seconds", "Whole request", ["route"], buckets=_LATENCY)
THUMBS_UP: Final = Gauge("rag_thumbs_up_rate", "Share of thumbs up among the verdicts of the last 24 hours")
QUEUE_WAIT: Final = Histogram("queue_wait_time_seconds", "From scheduled to started", ["queue"], buckets=_LATENCY)
QUEUE_LENGTH: Final = Gauge("rag_queue_length", "Tasks that wait, as Temporal estimates", ["queue"])
DOCUMENTS: Final = Counter("rag_documents", "Documents by how their ingestion ended", ["outcome"])
CHUNKS_EMBEDDED: Final = Counter("rag_chunks_embedded", "Chunks given a vector", ["source"])
DEAD_LETTERS: Final = Counter("rag_dead_letters", "Dead letters opened", ["code"])
WEBHOOK_ATTEMPTS: Final = Counter("rag_webhook_attempts", "Attempts to deliver a webhook", ["outcome"])
FAILING_DOCUMENTS: Final = Counter("rag_failing_documents", "Documents that failed so often that somebody is told")
FAILURE_RATIO_EXCEEDED: Final = Counter(
    "rag_ingestion_failure_ratio_exceeded", "Failures by which a tenant's share of failed ingestions was too high"
)
INGESTION_FAILURE_RATIO: Final = Gauge(
    "rag_ingestion_failure_ratio", "Share of failed among the ended ingestions of the tenant that failed last"
)
INDEX_ORPHANS: Final = Gauge("rag_index_orphans", "Only in the store, at each tenant's last audit", ["kind"])
INDEX_HOLES: Final = Gauge("rag_index_holes", "Only in the ledger, at each tenant's last audit", ["kind"])
INDEX_STALE: Final = Gauge("rag_index_stale", "Versions with other properties, at each tenant's last audit", ["kind"])
INDEX_REFUSED: Final = Gauge(
    "rag_index_refused", "Served texts that a build lacks since its model refuses them, at each tenant's last audit"
)
INDEX_BUILD_LAG: Final = Gauge(
    "rag_index_build_lag", "Commits that an index build which follows has not applied, as it was seen last", ["build"]
)
SOURCE_AGE: Final = Gauge("rag_source_age_seconds", "Since the last good round of the source began", ["source"])
SOURCES_OVERDUE: Final = Gauge("rag_sources_overdue", "Sources whose last good round is older than it may be")
AUDIT_REPAIRS: Final = Counter("rag_audit_repairs", "Put right by audits", ["kind"])
AUDIT_END: Final = Gauge(
    "rag_audit_last_end_timestamp_seconds", "When the last audit of the tenant that waits longest ended"
)
EMBEDDING_PROBES: Final = Counter("rag_embedding_probes", "Models asked again for vectors they gave", ["outcome"])
EMBEDDINGS_STOPPED: Final = Gauge(
    "rag_embeddings_stopped", "Models of tenants that changed: no vector of theirs is written; as the API is asked"
)
EMBEDDING_PROBE_END: Final = Gauge("rag_embedding_probe_last_end_timestamp_seconds", "When the last probe ended")
PRECISION_AT_5: Final = Gauge(
    "rag_precision_at_5",
    "Of what liked answers cited, the share among the five best documents at the last probe; the least of a tenant",
)
RETENTION_REMOVED: Final = Counter("rag_retention_removed", "Removed because its time was over", ["kind"])
RETENTION_HELD: Final = Gauge("rag_retention_held", "Past its time and held, at the removal that ended last", ["kind"])
ERASURE_HITS: Final = Counter(
    "rag_erasure_verification_hits", "Found by a verification where an erasure had left nothing", ["store"]
)
ERASURES_REOPENED: Final = Counter(
    "rag_erasures_reopened", "Erasures begun again, before their certificate or after it", ["after"]
)
for _after in ("verification", "certificate"):
    ERASURES_REOPENED.labels(_after)  # from the start: what first appears with 1 has not increased
ERASURE_OLDEST: Final = Gauge(
    "rag_erasure_oldest_open_seconds", "Since the oldest request that is not fulfilled came; 0 without any"
)
KEYS_LEFT: Final = Gauge(
    "rag_keys_left_to_operator", "1: too large to be written anew, the table of data keys keeps destroyed ones"
)
PROCESSOR_COST: Final = Counter(
    "rag_processor_cost_micros", "What outside providers cost, by our price list", ["operation", "currency"]
)
BREAKER_STATE: Final = Gauge(
    "rag_breaker_state", "0 closed, 1 half-open, 2 open; as this process saw it last", ["breaker"]
)
ACTIVITY_DURATION: Final = Histogram("rag_activity_duration_seconds", "One activity", ["activity"], buckets=_LATENCY)

LLM_LATENCY: Final = Histogram("rag_llm_latency_seconds", "A model's whole answer", ["model"], buckets=_LATENCY)
LLM_TOKENS: Final = Counter("llm_token_usage", "Tokens of language models", ["model", "direction"])
MODEL_ATTEMPTS: Final = Counter("rag_model_attempts", "Turns of language models by outcome", ["model", "outcome"])
CITATIONS_REMOVED: Final = Counter("rag_citations_removed", "Citations of passages that no model was shown")
SENTENCES_REMOVED: Final = Counter("rag_sentences_removed", "Statements of models that had no source")

_FIELDS: Final = ("tenant", "ref", "code", "count", "ms", "status", "method", "route", "step", "workflow")


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, event, the request's id, and the opaque fields in `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        if request_id.get():
            line["request_id"] = request_id.get()
        line.update({name: value for name in _FIELDS if (value := getattr(record, name, None)) is not None})
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = record.exc_info[0].__name__
        return json.dumps(line, separators=(",", ":"))


def configure_logging(level: str = "INFO") -> None:
    """Send every log line of this process to standard error as JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("httpx", "httpcore", "temporalio.activity", "temporalio.workflow"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
