"""Size and digest of an upload, taken while its bytes pass by."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from lethe.errors import EmptyDocument, PayloadTooLarge


@dataclass(slots=True)
class Digested:
    """Bytes as they pass by, however many."""

    sha256: bytes = b""

    async def over(self, data: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        digest = hashlib.sha256()
        async for piece in data:
            digest.update(piece)
            yield piece
        self.sha256 = digest.digest()


@dataclass(slots=True)
class Measured:
    """The bytes as they pass by."""

    limit: int
    size: int = 0
    sha256: bytes = b""

    async def over(self, data: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        digest = hashlib.sha256()
        async for piece in data:
            self.size += len(piece)
            if self.size > self.limit:
                raise PayloadTooLarge(f"The document has more than {self.limit} bytes.")
            digest.update(piece)
            yield piece
        if self.size == 0:
            raise EmptyDocument("The document has no bytes; nothing was stored.")
        self.sha256 = digest.digest()
