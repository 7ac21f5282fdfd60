"""Answers kept for the next one who asks the same."""

from dataclasses import dataclass
from datetime import datetime

from lethe.model.ids import Id


@dataclass(frozen=True, slots=True)
class CachedAnswer:
    """An answered question by all that its answer depends on; the answer itself stays with the question.

    ``key_hmac`` is a digest of the whole, ``bucket_hmac`` of all but the question's words. ``sealed_vector``
    (the question's, float16) opens with the question's key; None: only the same words find it.
    """

    tenant_id: Id
    key_hmac: str
    bucket_hmac: str
    question_id: Id
    created_at: datetime
    used_at: datetime
    sealed_vector: bytes | None = None
