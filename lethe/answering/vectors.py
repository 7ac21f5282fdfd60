"""Vectors of questions answered lately, opened in this process.

They live no longer than data keys do; what they propose is looked up again before it serves, so one that
was erased meanwhile proposes in vain.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lethe.model.caches import CachedAnswer
from lethe.model.ids import Id
from lethe.ports.keyring import KeyRing
from lethe.ports.ledger import Ledger
from lethe.privacy.sealing import Purpose, seal, unseal
from lethe.privacy.short_lived import ShortLived

_BUCKETS: Final = 50
_OPEN_SECONDS: Final = 60.0
_OVERLAP: Final = timedelta(seconds=5)
"""Clocks of processes differ, and a commit comes after its time."""


def seal_question_vector(key: bytes, vector: NDArray[np.float32]) -> bytes:
    """As little-endian float16, under the question's key."""
    return seal(key, Purpose.QUESTION_VECTOR, vector.astype("<f2").tobytes())


def _opened(key: bytes, sealed: bytes) -> NDArray[np.float32]:
    return np.frombuffer(unseal(key, Purpose.QUESTION_VECTOR, sealed), dtype="<f2").astype(np.float32)


@dataclass(slots=True)
class Bucket:
    """Questions that differ in nothing but their words, by key, oldest first."""

    newest: datetime | None = None
    entries: dict[str, tuple[CachedAnswer, NDArray[np.float32]]] = field(
        default_factory=dict[str, tuple[CachedAnswer, NDArray[np.float32]]]
    )

    def nearest(self, vector: NDArray[np.float32], least: float) -> list[CachedAnswer]:
        """Those whose cosine is not below ``least``, best first."""
        if not self.entries:
            return []
        held = list(self.entries.values())
        # float16 rounds a norm of 1 by up to 0.001.
        matrix = np.stack([each for _, each in held])
        cosines = matrix @ vector / (np.linalg.norm(matrix, axis=1) * np.linalg.norm(vector))
        return [held[place][0] for place in np.argsort(-cosines) if cosines[place] >= least]

    def has(self, entry: CachedAnswer) -> bool:
        """Whether it is open, and none took its place."""
        held = self.entries.get(entry.key_hmac)
        return held is not None and held[0].question_id == entry.question_id

    def take(self, fresh: dict[str, tuple[CachedAnswer, NDArray[np.float32]]], oldest: datetime, most: int) -> None:
        """Newer ones take the place of older ones."""
        both = sorted((self.entries | fresh).items(), key=lambda each: each[1][0].created_at)
        self.entries = {key: each for key, each in both[-most:] if each[0].created_at > oldest}
        self.newest = max((each.created_at for each, _ in self.entries.values()), default=None)


class QuestionVectors:
    """Of this process."""

    def __init__(self) -> None:
        self._buckets = ShortLived[tuple[Id, str], Bucket](_BUCKETS, _OPEN_SECONDS)

    async def bucket(
        self, ledger: Ledger, keyring: KeyRing, tenant_id: Id, bucket_hmac: str, oldest: datetime, most: int
    ) -> Bucket:
        """The newest questions of the bucket; only those that came since the last look are read and opened."""
        bucket = self._held(tenant_id, bucket_hmac)
        since = oldest if bucket.newest is None else max(oldest, bucket.newest - _OVERLAP)
        async with ledger.read() as uow:
            listed = await uow.answer_cache.newest(tenant_id, bucket_hmac, since, most)
        fresh = [each for each in listed if not bucket.has(each)]
        keys = await keyring.get_many(tenant_id, {each.question_id for each in fresh})
        bucket.take(
            {
                each.key_hmac: (each, _opened(keys[each.question_id], each.sealed_vector))
                for each in fresh
                if each.sealed_vector is not None and each.question_id in keys
            },
            oldest,
            most,
        )
        return bucket

    def _held(self, tenant_id: Id, bucket_hmac: str) -> Bucket:
        held = self._buckets.get((tenant_id, bucket_hmac))
        if held is None:
            held = Bucket()
            self._buckets.put((tenant_id, bucket_hmac), held)
        return held
