"""Where originals and parsed elements are kept, sealed."""

from collections.abc import AsyncIterator
from typing import Protocol


class BlobStore(Protocol):
    """A flat space of immutable byte sequences. Keys are those of lethe.model.blobs.

    Raises BlobUnavailable when the store does not answer, ValueError for a key with an empty or dotted segment.
    """

    async def write(self, key: str, data: AsyncIterator[bytes]) -> int:
        """Write all of ``data``, replacing what was there; a failed write leaves nothing. Returns the size in bytes."""
        ...

    def read(self, key: str) -> AsyncIterator[bytes]:
        """The blob's bytes in pieces of at most 1 MiB. Raises NotFound."""
        ...

    async def delete_prefix(self, prefix: str) -> int:
        """Delete the blob of that key and every blob below it; returns how many there were.

        A prefix ends at a segment's end: "a/b" is not a prefix of "a/bc". A missing one deletes nothing.
        """
        ...

    def list(self, prefix: str = "") -> AsyncIterator[str]:
        """Every key that the prefix is, or is above; all keys without one. In order."""
        ...

    async def leftovers(self, prefix: str) -> int:
        """How many files there are at or below the prefix, those half written too, which `list` does not show."""
        ...

    async def ready(self) -> bool:
        """Whether the store answers."""
        ...
