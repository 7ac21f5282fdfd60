"""The contract of source readers on every kind: files, S3, fsspec's memory, pages of a sitemap, a git repository."""

import shutil
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest
import pytest_asyncio
from fsspec.implementations.memory import MemoryFileSystem  # pyright: ignore[reportMissingTypeStubs]

from tests.contract.places import DriverPlace, FolderPlace, GitPlace, MemoryPlace, S3Place, WebPlace
from tests.contract.sources import Place, SourceReaderContract
from tests.servers.clouds import AZURITE, running_azurite, running_gcs
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


WRITTEN = "ignore:Sending a large body directly:ResourceWarning"
"""aiohttp's, of how a test puts something there by the driver."""


@pytest.fixture(scope="module")
def azurite() -> Generator[dict[str, str]]:
    pytest.importorskip("adlfs", reason="lethe[azure] is not installed")
    if AZURITE is None:
        pytest.skip("npm's azurite is not installed")
    with running_azurite() as told:
        yield told


@pytest.mark.filterwarnings(WRITTEN)
class TestAzure(SourceReaderContract):
    @pytest.fixture
    def place(self, azurite: dict[str, str]) -> Place:
        return DriverPlace("abfs", azurite)


@pytest.fixture(scope="module")
def gcs() -> Generator[dict[str, str]]:
    with pytest.MonkeyPatch.context() as patch:
        # Else it asks by gRPC how a bucket is kept, which the stand-in does not speak.
        patch.setenv("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")
        pytest.importorskip("gcsfs", reason="lethe[gcs] is not installed")
    pytest.importorskip("gcp_storage_emulator", reason="gcp-storage-emulator is not installed")
    with running_gcs() as told:
        yield told


@pytest.mark.filterwarnings(WRITTEN)
class TestGcs(SourceReaderContract):
    @pytest.fixture
    def place(self, gcs: dict[str, str]) -> Place:
        return DriverPlace("gs", gcs)


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
