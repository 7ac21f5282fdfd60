"""Blobs in a dictionary."""

from collections.abc import AsyncIterator
from typing import Final

from lethe.errors import NotFound

_PIECE_BYTES: Final = 1024 * 1024


class FakeBlobs:
    """The `BlobStore` port in memory. ``contents`` may be looked at by tests."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}

    async def write(self, key: str, data: AsyncIterator[bytes]) -> int:
        _check(key)
        whole = b"".join([piece async for piece in data])
        self.contents[key] = whole
        return len(whole)

    async def read(self, key: str) -> AsyncIterator[bytes]:
        _check(key)
        if key not in self.contents:
            raise NotFound("There is no such blob.")
        whole = self.contents[key]
        for start in range(0, len(whole), _PIECE_BYTES):
            yield whole[start : start + _PIECE_BYTES]

    async def delete_prefix(self, prefix: str) -> int:
        _check(prefix)
        doomed = [key for key in self.contents if _is_within(key, prefix)]
        for key in doomed:
            del self.contents[key]
        return len(doomed)

    async def list(self, prefix: str = "") -> AsyncIterator[str]:
        if prefix:
            _check(prefix)
        for key in sorted(key for key in self.contents if not prefix or _is_within(key, prefix)):
            yield key

    async def leftovers(self, prefix: str) -> int:
        _check(prefix)
        return sum(_is_within(key, prefix) for key in self.contents)

    async def ready(self) -> bool:
        return True


def _is_within(key: str, prefix: str) -> bool:
    return f"{key}/".startswith(prefix.rstrip("/") + "/")


def _check(key: str) -> None:
    if not all(segment and not segment.startswith(".") for segment in key.removesuffix("/").split("/")):
        raise ValueError("a blob's key has plain segments")
