"""The caller's mistakes: a 4xx each, with what to do."""

from lethe.errors.base import FailureClass, LetheError


class ClientError(LetheError):
    """A request that cannot be served as it stands."""

    code = "bad_request"
    status = 400
    title = "The request cannot be served as it stands"
    advice = "Correct the request as the detail says."
    failure_class = FailureClass.PERMANENT


class MalformedJson(ClientError):
    code = "malformed_json"
    title = "The body is not valid JSON"
    advice = "Send a UTF-8 JSON object, or multipart/form-data where the route takes files."


class InvalidRequest(ClientError):
    code = "invalid_request"
    status = 422
    title = "A field is missing, of the wrong type or out of range"
    advice = "See `errors`: each entry names the field and what it takes."


class UnknownField(ClientError):
    code = "unknown_field"
    status = 422
    title = "The request has a field this route does not know"
    advice = "Remove the field named in `errors`, or check its spelling in the API docs."


class QuestionTooLong(ClientError):
    code = "question_too_long"
    status = 422
    title = "The question is longer than this tenant allows"
    advice = "Shorten the question; it is never cut silently."


class InvalidCursor(ClientError):
    code = "invalid_cursor"
    title = "The cursor was not issued by this list"
    advice = "Start again without `cursor`."


class InvalidIdempotencyKey(ClientError):
    code = "invalid_idempotency_key"
    title = "The Idempotency-Key is empty or too long"
    advice = "Send 1 to 200 visible ASCII characters, for example a UUID."


class IdempotencyKeyReused(ClientError):
    code = "idempotency_key_reused"
    status = 409
    title = "This Idempotency-Key was used with another request body"
    advice = "Use a new key for a new request."


class IdempotencyInFlight(ClientError):
    code = "idempotency_in_flight"
    status = 409
    title = "A request with this Idempotency-Key is still being served"
    advice = "Wait for the first request to end, then repeat after Retry-After seconds."

    def __init__(self, detail: str = "", *, retry_after: float | None = 5.0, asked_delay: float | None = None) -> None:
        super().__init__(detail, retry_after=retry_after, asked_delay=asked_delay)


class Unauthenticated(ClientError):
    code = "unauthenticated"
    status = 401
    title = "No valid API key"
    advice = "Send `X-API-Key: <key>` or `Authorization: Bearer <key>`."


class Forbidden(ClientError):
    code = "forbidden"
    status = 403
    title = "This key may not do that"
    advice = "Use a key whose role allows it."


class NotFound(ClientError):
    code = "not_found"
    status = 404
    title = "There is no such resource"
    advice = "Check the id; one that exists but is not yours looks the same."


class DocumentNotFound(NotFound):
    code = "document_not_found"
    title = "There is no such document"


class ChunkNotFound(NotFound):
    code = "chunk_not_found"
    title = "The version that is served has no such chunk"


class QuestionNotFound(NotFound):
    code = "question_not_found"
    title = "There is no such question"


class DeadLetterNotFound(NotFound):
    code = "dead_letter_not_found"
    title = "There is no such dead letter"


class IngestionNotFound(NotFound):
    code = "ingestion_not_found"
    title = "There is no such ingestion"


class IngestionClosed(ClientError):
    code = "ingestion_closed"
    status = 409
    title = "The ingestion takes no more documents, or has ended"
    advice = "Start another one."


class ArchiveChanged(ClientError):
    code = "archive_changed"
    status = 409
    title = "Another archive was sent to this ingestion before"
    advice = "Send this one under a new Idempotency-Key; cancel the earlier ingestion if its files are not wanted."


class QuarantineNotFound(NotFound):
    code = "quarantine_not_found"
    title = "There is no such quarantine"


class AuditNotFound(NotFound):
    code = "audit_not_found"
    title = "There is no such audit"


class RetentionRunNotFound(NotFound):
    code = "retention_run_not_found"
    title = "There is no such removal of what is past its time"


class ReindexNotFound(NotFound):
    code = "reindex_not_found"
    title = "There is no such round of making versions anew"


class SelectionNotFound(NotFound):
    code = "selection_not_found"
    title = "There is no such deletion or update"


class DocumentQuarantined(ClientError):
    code = "document_quarantined"
    status = 409
    title = "The document is in quarantine: its content is shown to nobody"
    advice = "Lift the quarantine first: `GET /v1/quarantines`, `DELETE /v1/quarantines/{id}`."


class DeadLetterSettled(ClientError):
    code = "dead_letter_settled"
    status = 409
    title = "The failure is settled: a later attempt succeeded, or its version is gone"
    advice = "Nothing is to be decided; read the document."


class DeadLetterOpen(ClientError):
    code = "dead_letter_open"
    status = 409
    title = "An ingestion still waits for a decision on this dead letter"
    advice = "Retry or discard it; it can be deleted when it is resolved or closed."


class IngestionUnderWay(ClientError):
    code = "ingestion_under_way"
    status = 409
    title = "The ingestion of this version is running now"
    advice = "Wait until it is ready or has failed again."


class MethodNotAllowed(ClientError):
    code = "method_not_allowed"
    status = 405
    title = "This route does not take that method"


class PayloadTooLarge(ClientError):
    code = "payload_too_large"
    status = 413
    title = "The body is larger than this server accepts"
    advice = "Split the document or raise `limits.document_bytes`."


class UploadTimeout(ClientError):
    code = "upload_timeout"
    status = 408
    title = "The upload took longer than this server waits"
    advice = "Send it again over a faster connection, split it, or raise `limits.upload_seconds`."


class UnsupportedMediaType(ClientError):
    code = "unsupported_media_type"
    status = 415
    title = "The body's media type is not accepted here"
    advice = "Send multipart/form-data with a `file` part, or application/json with `text`."


class RateLimited(ClientError):
    code = "rate_limited"
    status = 429
    title = "Too many requests at once"
    advice = "Wait for Retry-After seconds."


class LastAdminKey(ClientError):
    code = "last_admin_key"
    status = 409
    title = "This is the tenant's last admin key"
    advice = "Make another admin key first; without one nobody could."


class KeyNotFound(NotFound):
    code = "key_not_found"
    title = "There is no such API key"


class DocumentConflict(ClientError):
    code = "document_conflict"
    status = 409
    title = "The document changed while the request was served"
    advice = "Read it again and repeat."
