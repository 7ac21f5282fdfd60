"""Documents that cannot be ingested: each becomes a dead letter with this cause."""

from lethe.errors.base import FailureClass, LetheError


class DocumentError(LetheError):
    """Permanent: these bytes cannot become chunks."""

    code = "document_error"
    status = 422
    title = "The document cannot be ingested"
    advice = "Correct the file and upload it again."
    failure_class = FailureClass.PERMANENT


class EmptyDocument(DocumentError):
    code = "empty_document"
    title = "The document is empty"


class NoText(DocumentError):
    code = "no_text"
    title = "No text was found in the document"
    advice = "If it is a scan, set `parsing.strategy` to `ocr`, or upload a version with a text layer."


class UnsupportedType(DocumentError):
    code = "unsupported_type"
    title = "This type of file is not supported"
    advice = "Send txt, md, rst, html, csv, json, eml, msg, rtf, pdf with text, docx, pptx, xlsx, odt or epub."


class EncryptedDocument(DocumentError):
    code = "encrypted_document"
    title = "The document is protected by a password"
    advice = "Remove the protection and upload it again."


class CorruptDocument(DocumentError):
    code = "corrupt_document"
    title = "The document is damaged or not of the type it claims"


class DocumentTooLarge(DocumentError):
    code = "document_too_large"
    title = "The document's content is larger than allowed"
    advice = "Split it, or raise `limits`."


class ArchiveUnreadable(DocumentError):
    """Our loss, and final: the blob is gone, or its key, or they do not belong together."""

    code = "archive_unreadable"
    title = "The archive that was taken in is missing or does not open any more; what was left of it was not read"
    advice = "Send the archive again, as another ingestion, and tell the operator."


class UnsafeDocument(DocumentError):
    code = "unsafe_document"
    title = "The document has a construct that is refused (external entity, bomb)"
    failure_class = FailureClass.POISON


class MalwareFound(DocumentError):
    code = "malware_found"
    title = "The virus scanner found malware in the document"
    advice = "Discard it; if the finding is wrong, correct the scanner's signatures and retry."


class ParserCrashed(DocumentError):
    code = "parser_crashed"
    title = "The parser died or ran out of its limits on this document"
    failure_class = FailureClass.POISON
    tries = 2  # once may be the machine's fault: short of memory, or a worker that was killed


class KnownPoison(DocumentError):
    code = "known_poison"
    title = "The same bytes have harmed the parser before, so they were not read again"
    advice = "Upload a repaired file, or retry its dead letter to have it read all the same."
    failure_class = FailureClass.POISON


class AwaitsRelease(DocumentError):
    """What is restricted is stored and not processed (GDPR, Article 18): so is what was sent of it before."""

    code = "awaits_release"
    status = 409
    title = "The document is restricted: this version is stored, and waits for the release"
    advice = "Nothing is lost, and there is nothing to decide: it is brought in by itself after the release."


class VersionSuperseded(DocumentError):
    """Not a fault: a later submission won, or the document was deleted meanwhile."""

    code = "version_superseded"
    title = "A later submission of this document won"
