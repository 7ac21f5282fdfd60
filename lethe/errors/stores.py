"""Stores, providers, keys and settings that fail."""

from typing import Self

from lethe.errors.base import FailureClass, LetheError


class Unavailable(LetheError):
    """Something Lethe depends on does not answer."""

    code = "unavailable"
    status = 503
    title = "Something this request needs is not available"
    advice = "Try again after Retry-After seconds."

    def __init__(self, detail: str = "", *, retry_after: float | None = 5.0, asked_delay: float | None = None) -> None:
        super().__init__(detail, retry_after=asked_delay or retry_after, asked_delay=asked_delay)
        self.is_unanswered = False

    def unanswered(self) -> Self:
        """The same error, told that the call may have arrived and be paid for: `raise X("no answer").unanswered()`."""
        self.is_unanswered = True
        return self


class LedgerUnavailable(Unavailable):
    code = "ledger_unavailable"
    title = "The SQL ledger cannot be reached; rights cannot be checked, so nothing is served"


class WorkerStopping(Unavailable):
    """Not a fault: another worker goes on."""

    code = "worker_stopping"
    title = "The worker stops; another one goes on"


class LedgerConflict(LetheError):
    """A constraint of the schema refused the unit: someone else changed the same rows first."""

    code = "ledger_conflict"
    status = 409
    title = "The rows changed while the request was served"
    advice = "Read them again and repeat."


class StreamUnavailable(Unavailable):
    """The answer itself is not lost: it comes whole, or is read by its id."""

    code = "stream_unavailable"
    title = "The events of the answer cannot be reached"
    advice = "Read the answer by its id."


class IndexUnavailable(Unavailable):
    code = "index_unavailable"
    title = "The vector store cannot be reached"


class IndexWriteFailed(Unavailable):
    code = "index_write_failed"
    title = "The vector store refused some of the objects"


class ErasureIncomplete(Unavailable):
    code = "erasure_incomplete"
    title = "A store still shows something of what was erased from it"


class IndexVerificationFailed(Unavailable):
    code = "index_verification_failed"
    title = "The vector store does not hold exactly the chunks that were written"


class IndexBuildMissing(Unavailable):
    code = "index_build_missing"
    title = "The tenant has no active index build"


class IndexBuildInProgress(LetheError):
    """A tenant has at most one build of a kind on its way: the same wish may be granted when that one has ended."""

    code = "index_build_in_progress"
    status = 409
    title = "Another index build of this kind is on its way"
    advice = "Wait until it has ended, or end it, and repeat."


class IndexBuildStateConflict(LetheError):
    code = "index_build_state_conflict"
    status = 409
    title = "The index build is not in a state from which this is possible"
    advice = "Look at the build's state."
    failure_class = FailureClass.PERMANENT


class IndexParametersRefused(LetheError):
    """The store itself: it has too few nodes, or does not know the way."""

    code = "index_parameters_refused"
    status = 422
    title = "The vector store refuses the parameters of the index"
    advice = "Begin another migration with others; the operator allows only what the store takes (migrations.*)."
    failure_class = FailureClass.PERMANENT


class IndexBuildRemains(Unavailable):
    code = "index_build_remains"
    title = "The store still lists an index build that was dropped"


class EmbedderUnavailable(Unavailable):
    code = "embedder_unavailable"
    title = "The embedding model does not answer"


class EmbeddingModelChanged(Unavailable):
    """A probe found that it gives other vectors than it gave: those of both would be compared with each other."""

    code = "embedding_model_changed"
    title = "The embedding model gives other vectors than before"
    advice = (
        "See `GET /v1/probes`. It goes on when a probe finds the former vectors, or the tenant has migrated to a "
        "raised `embedding_revision` of the model; `lethe probe lift` mixes the vectors of both."
    )


class EmbedderRefused(LetheError):
    """The key, the name of the model, or the request itself: the same one will be refused again."""

    code = "embedder_refused"
    status = 502
    title = "The embedding provider refuses the request"
    advice = "Correct the provider's key, address or model in the settings, then retry the dead letters."
    failure_class = FailureClass.PERMANENT


class RerankerUnavailable(Unavailable):
    code = "reranker_unavailable"
    title = "The reranking model does not answer"


class RerankerRefused(LetheError):
    """The key, the name of the model, or an answer that makes no sense: the same request will fail again."""

    code = "reranker_refused"
    status = 502
    title = "The reranking provider refuses the request, or answers what it should not"
    advice = "Correct the provider's key, address or model in the settings."
    failure_class = FailureClass.PERMANENT


class ProviderNotAllowed(LetheError):
    code = "provider_not_allowed"
    status = 403
    title = "The tenant does not allow this outside provider"
    advice = "Configure a provider the tenant allows, or let the tenant allow this one."
    failure_class = FailureClass.PERMANENT


class EmbeddingInvalid(LetheError):
    code = "embedding_invalid"
    status = 502
    title = "The embedding model returned a wrong number, a wrong dimension or a non-finite value"


class BlobUnavailable(Unavailable):
    code = "blob_unavailable"
    title = "The blob store cannot be reached"


class ParserUnavailable(Unavailable):
    """Not the document's fault: no parsing process could be started."""

    code = "parser_unavailable"
    title = "The parser cannot be started"


class MalwareScannerUnavailable(Unavailable):
    """Without a verdict nothing is parsed."""

    code = "malware_scanner_unavailable"
    title = "The virus scanner that is configured gives no verdict"


class WorkflowsUnavailable(Unavailable):
    code = "workflows_unavailable"
    title = "Temporal cannot be reached"


class StepTimedOut(Unavailable):
    code = "step_timed_out"
    title = "A step did not end in its time, or its worker died"


class DeadlineExceeded(Unavailable):
    code = "deadline_exceeded"
    status = 504
    title = "The question's deadline passed"


class KeyDestroyed(LetheError):
    """The data key is gone: the content was deleted or erased and cannot be read by anyone."""

    code = "key_destroyed"
    status = 410
    title = "The content's key was destroyed"
    advice = "Nothing brings it back; upload the document again if you still have it."
    failure_class = FailureClass.PERMANENT


class SealBroken(LetheError):
    code = "seal_broken"
    status = 500
    title = "A sealed value does not open: wrong key or altered bytes"
    advice = "Tell the operator: key ring and ledger do not belong together, or bytes were altered."
    failure_class = FailureClass.PERMANENT


class PayloadRefused(LetheError):
    """P5: a workflow payload over the limit is a body in disguise."""

    code = "payload_refused"
    status = 500
    title = "A workflow payload is larger than 64 KB"
    advice = "Report it with the request id: payloads hold ids, never content."
    failure_class = FailureClass.PERMANENT


class ConfigurationError(LetheError):
    code = "configuration_error"
    status = 500
    title = "The settings are not usable"
    advice = "Correct what the detail names; see docs/configuration.md."
    failure_class = FailureClass.PERMANENT


class EmbeddingSpecMismatch(ConfigurationError):
    code = "embedding_spec_mismatch"
    title = "The configured embedding model is not the one a corpus was indexed with"
    advice = "Configure the model it was indexed with; another one needs a migration of the index."


class WorkflowsRefused(ConfigurationError):
    code = "workflows_refused"
    title = "Temporal answers, and refuses this process"
    advice = "Correct `temporal.namespace`, `temporal.api_key` or `temporal.tls`, or register the namespace."


class EnvironmentMismatch(ConfigurationError):
    code = "environment_mismatch"
    title = "A store carries another environment's stamp"
    advice = "Point this process at its own environment's stores, or correct `environment`."
