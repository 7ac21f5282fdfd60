"""Answers kept for the next one who asks the same: ids, digests and the question's vector, never a text."""

from typing import Final

from lethe.privacy.data_map import erasers
from lethe.privacy.data_map.declaration import Key, Place, digest, opaque, place, sealed, times

_ERASERS: Final = (erasers.VERSION, erasers.ANSWERS, "lethe.privacy.retention:expire_cached_answers")

CACHES: Final[tuple[Place, ...]] = (
    place(
        "cached_answers",
        opaque("tenant_id", "question_id"),
        digest("key_hmac", "the question, the rights of who asked, and what answers are made by"),
        digest("bucket_hmac", "the same without the question"),
        sealed("sealed_vector", "the question's embedding, from which it can be recovered", Key.QUESTION),
        times("created_at", "used_at"),
        erasers=_ERASERS,
    ),
    place(
        "cached_answer_sources",
        opaque("tenant_id", "version_id"),
        digest("key_hmac", "the question, the rights of who asked, and what answers are made by"),
        erasers=_ERASERS,
    ),
)
