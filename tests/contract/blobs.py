"""What a blob store means: inherited by the suite of every adapter and of the fake."""

from collections.abc import AsyncIterator

import pytest

from lethe.errors import NotFound
from lethe.ports.blobs import BlobStore


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def broken(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part
    raise ConnectionResetError


async def content(blobs: BlobStore, key: str) -> bytes:
    return b"".join([piece async for piece in blobs.read(key)])


async def keys(blobs: BlobStore, prefix: str = "") -> list[str]:
    return [key async for key in blobs.list(prefix)]


class BlobStoreContract:
    """Subclasses give the fixture `blobs`: an empty store."""

    async def test_gives_back_what_was_written(self, blobs: BlobStore) -> None:
        assert await blobs.write("t/v/original", pieces(b"ab", b"", b"c")) == 3
        assert await content(blobs, "t/v/original") == b"abc"

    async def test_an_empty_blob_is_a_blob(self, blobs: BlobStore) -> None:
        assert await blobs.write("t/v/original", pieces()) == 0
        assert await content(blobs, "t/v/original") == b""
        assert await keys(blobs) == ["t/v/original"]

    async def test_reads_in_pieces_of_at_most_a_mebibyte(self, blobs: BlobStore) -> None:
        whole = bytes(range(256)) * 10_000
        await blobs.write("t/v/original", pieces(whole))
        read = [piece async for piece in blobs.read("t/v/original")]
        assert max(map(len, read)) <= 1024 * 1024
        assert b"".join(read) == whole

    async def test_a_second_write_replaces(self, blobs: BlobStore) -> None:
        await blobs.write("t/v/original", pieces(b"a longer first"))
        await blobs.write("t/v/original", pieces(b"second"))
        assert await content(blobs, "t/v/original") == b"second"

    async def test_a_failed_write_leaves_nothing(self, blobs: BlobStore) -> None:
        with pytest.raises(ConnectionResetError):
            await blobs.write("t/v/original", broken(b"half"))
        assert await keys(blobs) == []
        with pytest.raises(NotFound):
            await content(blobs, "t/v/original")

    async def test_a_failed_write_keeps_what_was_there(self, blobs: BlobStore) -> None:
        await blobs.write("t/v/original", pieces(b"first"))
        with pytest.raises(ConnectionResetError):
            await blobs.write("t/v/original", broken(b"half"))
        assert await content(blobs, "t/v/original") == b"first"

    async def test_a_missing_blob_is_not_found(self, blobs: BlobStore) -> None:
        with pytest.raises(NotFound):
            await content(blobs, "t/v/none")

    async def test_lists_by_whole_segments(self, blobs: BlobStore) -> None:
        for key in ("a/b/x", "a/bc/x", "a/b/y", "d/b/x"):
            await blobs.write(key, pieces(b"1"))
        assert await keys(blobs) == ["a/b/x", "a/b/y", "a/bc/x", "d/b/x"]
        assert await keys(blobs, "a/b") == ["a/b/x", "a/b/y"]
        assert await keys(blobs, "a/b/") == ["a/b/x", "a/b/y"]
        assert await keys(blobs, "a/b/x") == ["a/b/x"]
        assert await keys(blobs, "none") == []

    async def test_deletes_below_a_prefix_and_nothing_else(self, blobs: BlobStore) -> None:
        for key in ("a/b/x", "a/b/y/z", "a/bc/x"):
            await blobs.write(key, pieces(b"1"))
        assert await blobs.delete_prefix("a/b") == 2
        assert await keys(blobs) == ["a/bc/x"]
        assert await blobs.delete_prefix("a/b") == 0
        assert await blobs.delete_prefix("a/bc/x") == 1
        assert await keys(blobs) == []

    async def test_counts_what_is_left_below_a_prefix(self, blobs: BlobStore) -> None:
        for key in ("a/b/x", "a/b/y/z", "a/bc/x"):
            await blobs.write(key, pieces(b"1"))
        assert await blobs.leftovers("a/b/") == 2
        await blobs.delete_prefix("a/b/")
        assert await blobs.leftovers("a/b/") == 0
        assert await blobs.leftovers("a/bc") == 1

    @pytest.mark.parametrize("key", ["", "/", "/t/v", "t//v", "t/../../etc/passwd", "..", "t/.hidden", "./t"])
    async def test_refuses_keys_that_are_not_plain(self, blobs: BlobStore, key: str) -> None:
        with pytest.raises(ValueError):
            await blobs.write(key, pieces(b"1"))
        with pytest.raises(ValueError):
            await content(blobs, key)
        with pytest.raises(ValueError):
            await blobs.delete_prefix(key)

    async def test_answers_when_asked(self, blobs: BlobStore) -> None:
        assert await blobs.ready()
