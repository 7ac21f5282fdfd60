"""Data keys: one per document version, one per question. Erasing content is destroying its key."""

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from lethe.model.ids import Id


class SecretPurpose(StrEnum):
    """Keys derived from the tenant's key, each for one use."""

    DIGEST = "digest"
    BLIND = "blind"
    CURSOR = "cursor"
    GLOSSARY = "glossary"
    SUPPRESSION = "suppression"


class Emptied(StrEnum):
    """Whether what was destroyed is out of the database's own files, too."""

    DONE = "done"
    NOT_YET = "not_yet"
    LEFT_TO_OPERATOR = "left_to_operator"
    """It is not, and we do not do it; nobody knows until when."""


class KeyRing(Protocol):
    """Wrapped data keys in a database of their own. Keys are 32 bytes (AES-256).

    Raises KeyDestroyed for a key that was destroyed, LedgerUnavailable when the ring's database does not answer.
    """

    async def create_tenant(self, tenant_id: Id) -> None:
        """Make the tenant's key if it has none."""
        ...

    async def create(self, tenant_id: Id, key_id: Id) -> bytes:
        """Make, wrap and store a data key, or return the existing one. A destroyed id is refused (KeyDestroyed)."""
        ...

    async def get(self, tenant_id: Id, key_id: Id) -> bytes:
        """One data key. Raises KeyDestroyed if it was destroyed or never made."""
        ...

    async def get_many(self, tenant_id: Id, key_ids: Collection[Id]) -> Mapping[Id, bytes]:
        """The data keys that exist, in one look-up; destroyed ones are absent."""
        ...

    async def destroy(self, tenant_id: Id, key_ids: Collection[Id]) -> int:
        """Destroy data keys and leave a tombstone per id, so that a late writer cannot make them again. Idempotent."""
        ...

    async def leave_nothing(self, since: datetime | None = None) -> Emptied:
        """See to it that nothing of what was destroyed before then (None: until now) is in the database's own files, as
        far as a user of it can. Its log of writes, and copies of either, keep it until they go.
        """
        ...

    async def is_left_to_operator(self) -> bool:
        """Whether `leave_nothing` would leave it so now."""
        ...

    async def secret(self, tenant_id: Id, purpose: SecretPurpose) -> bytes:
        """A 32-byte key derived (HKDF-SHA-256) from the tenant's key for one purpose; stable."""
        ...

    async def ready(self) -> bool:
        """Whether the ring answers."""
        ...
