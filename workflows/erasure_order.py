"""In which order the stores are taken out of."""

from typing import Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from lethe.model.personal_data import StoreName

DERIVED: Final = (
    StoreName.ANSWER_CACHE,
    StoreName.FEEDBACK,
    StoreName.TOKENS,
    StoreName.VECTORS,
    StoreName.KEYWORDS,
    StoreName.BLOBS,
    StoreName.DEAD_LETTERS,
    StoreName.REQUESTS,
    StoreName.PRINCIPALS,
    StoreName.PROCESSORS,
    StoreName.HISTORIES,
    StoreName.LOGS,
    StoreName.AUDIT_LOG,
    StoreName.BACKUPS,
)
"""At once: none of them is found by another one's rows."""
DELETION_ORDER: Final = (*DERIVED, StoreName.QUESTIONS, StoreName.DOCUMENTS)
"""Derived before source, the source rows last; the keys went before all of them."""
