"""The blob store's contract on the fake, on a local folder and on fsspec's memory store, and what only files have."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
from fsspec.implementations.local import LocalFileSystem  # pyright: ignore[reportMissingTypeStubs]
from fsspec.implementations.memory import MemoryFileSystem  # pyright: ignore[reportMissingTypeStubs]

from lethe.adapters.blobs import FsspecBlobs
from lethe.adapters.fakes.blobs import FakeBlobs
from lethe.errors import BlobUnavailable, EnvironmentMismatch
from lethe.model.ids import new_id
from lethe.ports.blobs import BlobStore
from lethe.settings import Environment, Settings
from tests.contract.blobs import BlobStoreContract, content, keys, pieces


class TestFakeBlobs(BlobStoreContract):
    @pytest.fixture
    def blobs(self) -> BlobStore:
        return FakeBlobs()


class TestMemoryBlobs(BlobStoreContract):
    @pytest.fixture
    def blobs(self) -> Iterator[BlobStore]:
        yield FsspecBlobs("memory://lethe", Environment.DEVELOPMENT)
        MemoryFileSystem.store.clear()
        MemoryFileSystem.pseudo_dirs[:] = [""]


def local(folder: Path, environment: Environment = Environment.DEVELOPMENT) -> FsspecBlobs:
    return FsspecBlobs(f"file://{folder}", environment)


async def held(piece: bytes, may_end: asyncio.Event) -> AsyncIterator[bytes]:
    yield piece
    await may_end.wait()


async def begun(folder: Path) -> None:
    """Wait until a writer holds a part of a blob."""
    async with asyncio.timeout(60):
        while not any(folder.rglob("*.part")):
            await asyncio.sleep(0.01)


class TestFileBlobs(BlobStoreContract):
    @pytest.fixture
    def blobs(self, tmp_path: Path) -> BlobStore:
        return local(tmp_path / "blobs")

    async def test_nothing_but_the_stamp_stays_after_deleting(self, tmp_path: Path) -> None:
        blobs = local(tmp_path)
        await blobs.write("t/v/original", pieces(b"1"))
        (tmp_path / "t/v/.original.left-by-a-killed-process.part").write_bytes(b"half")
        assert await keys(blobs) == ["t/v/original"]
        assert await blobs.delete_prefix("t/v") == 1
        assert [path.name for path in tmp_path.rglob("*")] == [".lethe-environment"]

    async def test_a_write_removes_what_killed_writers_of_the_same_blob_left(self, tmp_path: Path) -> None:
        blobs = local(tmp_path)
        await blobs.write("t/v/original.txt", pieces(b"1"))
        left = f".original.{new_id()}.part"
        for name in (left, f".original.txt.{new_id()}.part"):
            (tmp_path / "t/v" / name).write_bytes(b"half")
        await blobs.write("t/v/original.txt", pieces(b"2"))
        assert sorted(path.name for path in (tmp_path / "t/v").iterdir()) == [left, "original.txt"]

    async def test_of_two_writers_at_once_both_succeed_and_the_blob_is_one_of_theirs(self, tmp_path: Path) -> None:
        blobs = local(tmp_path)
        may_end = asyncio.Event()
        writing = asyncio.create_task(blobs.write("t/v/original", held(b"slow", may_end)))
        await begun(tmp_path)
        await blobs.write("t/v/original", pieces(b"fast"))
        may_end.set()
        assert await writing == 4
        assert await content(blobs, "t/v/original") == b"fast"
        assert [path.name for path in (tmp_path / "t/v").iterdir()] == ["original"]

    async def test_a_reader_sees_the_old_blob_until_the_new_one_is_whole(self, tmp_path: Path) -> None:
        blobs = local(tmp_path)
        await blobs.write("t/v/original", pieces(b"old"))
        may_end = asyncio.Event()
        writing = asyncio.create_task(blobs.write("t/v/original", held(b"new", may_end)))
        await begun(tmp_path)
        assert await content(blobs, "t/v/original") == b"old"
        may_end.set()
        await writing
        assert await content(blobs, "t/v/original") == b"new"

    async def test_a_cancelled_write_leaves_no_file(self, tmp_path: Path) -> None:
        blobs = local(tmp_path)

        async def endless() -> AsyncIterator[bytes]:
            yield b"x"
            await asyncio.Event().wait()

        writing = asyncio.create_task(blobs.write("t/v/original", endless()))
        await begun(tmp_path)
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
        assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.name != ".lethe-environment"]

    async def test_two_who_delete_the_same_both_succeed(self, tmp_path: Path) -> None:
        one, other = local(tmp_path), local(tmp_path)
        await one.open()
        for _ in range(40):
            for name in range(5):
                await one.write(f"t/v/elements/{name}", pieces(b"1"))
            await asyncio.gather(*(blobs.delete_prefix("t/v") for blobs in (one, other, one, other)))
            assert [path.name for path in tmp_path.rglob("*")] == [".lethe-environment"]

    async def test_writing_beside_deletions_is_never_not_found(self, tmp_path: Path) -> None:
        blobs = local(tmp_path)
        await blobs.open()

        async def come_and_go(version: int) -> None:
            for _ in range(60):
                await blobs.write(f"t/{version}/original", pieces(b"1"))
                assert await content(blobs, f"t/{version}/original") == b"1"
                assert await blobs.delete_prefix(f"t/{version}") == 1

        await asyncio.gather(*(come_and_go(version) for version in range(4)))
        assert await keys(blobs) == []

    async def test_a_folder_pruned_before_its_file_is_made_is_made_again(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        blobs = local(tmp_path)
        await blobs.open()
        pruned: list[str] = []
        makedirs = cast("Callable[..., None]", LocalFileSystem.makedirs)  # pyright: ignore[reportUnknownMemberType]

        def pruned_at_once(self: LocalFileSystem, path: str, exist_ok: bool = False) -> None:
            makedirs(self, path, exist_ok=exist_ok)
            if len(pruned) < 3:
                pruned.append(path)
                Path(path).rmdir()

        monkeypatch.setattr(LocalFileSystem, "makedirs", pruned_at_once)
        await blobs.write("t/v/original", pieces(b"1"))
        assert len(pruned) == 3
        assert await content(blobs, "t/v/original") == b"1"

    async def test_a_file_lost_while_it_is_written_is_no_missing_blob(self, tmp_path: Path) -> None:
        blobs = local(tmp_path)

        async def deleted_meanwhile() -> AsyncIterator[bytes]:
            yield b"x"
            await blobs.delete_prefix("t/v")

        with pytest.raises(BlobUnavailable):
            await blobs.write("t/v/original", deleted_meanwhile())

    async def test_another_environments_store_is_refused(self, tmp_path: Path) -> None:
        await local(tmp_path).write("t/v/original", pieces(b"1"))
        other = local(tmp_path, Environment.PRODUCTION)
        with pytest.raises(EnvironmentMismatch):
            await other.write("t/v/original", pieces(b"2"))
        with pytest.raises(EnvironmentMismatch):
            await content(other, "t/v/original")
        assert not await other.ready()

    async def test_a_store_that_cannot_be_reached_is_unavailable(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"")
        blobs = local(tmp_path / "file" / "below")
        with pytest.raises(BlobUnavailable):
            await blobs.write("t/v/original", pieces(b"1"))
        assert not await blobs.ready()

    async def test_from_settings_lies_under_the_state_folder(self, tmp_path: Path) -> None:
        blobs = FsspecBlobs.from_settings(Settings(state=tmp_path))
        await blobs.write("t/v/original", pieces(b"1"))
        assert (tmp_path / "blobs/t/v/original").read_bytes() == b"1"
