"""A survivor of the gate as a passage: opened with its version's data key."""

from lethe.ports.search import Overdue, Passage
from lethe.privacy.sealing import Purpose, unseal_text
from lethe.retrieval.gate import Survivor


def opened(survivor: Survivor, overdue: Overdue) -> Passage:
    """Raises SealBroken."""
    chunk, version, key = survivor.row.chunk, survivor.row.version, survivor.key
    return Passage(
        chunk_id=chunk.id,
        version_id=chunk.version_id,
        document_id=chunk.document_id,
        ordinal=chunk.ordinal,
        score=survivor.hit.score,
        text=unseal_text(key, Purpose.CHUNK_TEXT, chunk.sealed_text),
        section=unseal_text(key, Purpose.CHUNK_SECTION, chunk.sealed_section),
        title=unseal_text(key, Purpose.TITLE, version.sealed_title),
        source_uri=unseal_text(key, Purpose.SOURCE_URI, version.sealed_source_uri),
        language=chunk.language,
        text_hmac=chunk.text_hmac,
        start=chunk.start,
        end=chunk.end,
        page=chunk.page,
        suspicion=chunk.suspicion,
        is_overdue=overdue(version.source_id),
    )
