"""The contract of source readers on every kind: files, S3, fsspec's memory, pages of a sitemap, a git repository."""

import shutil
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest
import pytest_asyncio
from fsspec.implementations.memory import MemoryFileSystem  # pyright: ignore[reportMissingTypeStubs]

from tests.contract.places import FolderPlace, GitPlace, MemoryPlace, S3Place, WebPlace
from tests.contract.sources import Place, SourceReaderContract
from tests.servers.s3 import S3Server, running_s3
from tests.servers.web import web_site


class TestFolder(SourceReaderContract):
    @pytest.fixture
    def place(self, tmp_path: Path) -> Generator[Place]:
        yield FolderPlace(tmp_path / "documents")
        shutil.rmtree(tmp_path / "documents")


class TestMemory(SourceReaderContract):
    @pytest.fixture
    def place(self) -> Generator[Place]:
        yield MemoryPlace()
        MemoryFileSystem.store.clear()
        MemoryFileSystem.pseudo_dirs[:] = [""]


@pytest.fixture(scope="module")
def s3() -> Generator[S3Server]:
    pytest.importorskip("s3fs", reason="lethe[s3] is not installed")
    pytest.importorskip("moto", reason="moto is not installed")
    with running_s3() as server:
        yield server


class TestS3(SourceReaderContract):
    @pytest.fixture
    def place(self, s3: S3Server) -> Place:
        return S3Place(s3)


class TestWeb(SourceReaderContract):
    @pytest_asyncio.fixture
    async def place(self) -> AsyncGenerator[Place]:
        async with web_site() as site:
            yield WebPlace(site)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
class TestGit(SourceReaderContract):
    @pytest.fixture
    def place(self, tmp_path: Path) -> Place:
        return GitPlace(tmp_path / "repository")
