"""Erasures, restrictions and suppressions: what cannot be done, and why."""

from lethe.errors.documents import DocumentError
from lethe.errors.requests import ClientError, NotFound


class ErasureNotFound(NotFound):
    code = "erasure_not_found"
    title = "There is no such erasure"


class ErasureFindingNotFound(NotFound):
    code = "erasure_finding_not_found"
    title = "The erasure has no such find to decide on"


class IllegalErasureMove(ClientError):
    code = "illegal_erasure_move"
    status = 409
    title = "The erasure is not in a state where that can be done"
    advice = "Read the erasure: its state says what it waits for."


class ErasureFenced(ClientError):
    code = "erasure_fenced"
    status = 409
    title = "The erasure has begun to destroy and cannot be cancelled"
    advice = "Place a hold if it must stop; what is destroyed cannot be brought back."


class ErasureOpen(ClientError):
    code = "erasure_open"
    status = 409
    title = "The person is being erased: the suppression cannot be lifted before that has ended"
    advice = "Wait for the erasure's end, or cancel it while nothing is destroyed."


class SecondApproverNeeded(ClientError):
    code = "second_approver_needed"
    status = 403
    title = "Whoever asked for the erasure cannot approve it"
    advice = "Another principal with the right to erase must approve."


class DocumentRestricted(ClientError):
    code = "document_restricted"
    status = 409
    title = "The document is restricted: kept, and shown to nobody"
    advice = "Release the restriction first: `DELETE /v1/documents/{id}/restriction`."


class IdentifierTooWeak(ClientError):
    code = "identifier_too_weak"
    status = 422
    title = "An identifier says too little to tell one person from others"
    advice = "Give a whole mail address, a phone number of 6 digits or more, or first and last name."


class SuppressionNotFound(NotFound):
    code = "suppression_not_found"
    title = "That identifier is not suppressed"


class SubjectSuppressed(DocumentError):
    """The person was erased: what names them again is not taken in."""

    code = "subject_suppressed"
    title = "The document names somebody whose data was erased here"
    advice = "Remove the person from it; with a new consent of theirs, lift the suppression first."
