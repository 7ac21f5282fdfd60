"""Where documents of each kind of source are kept: files, object stores, pages of a sitemap, a git repository."""

import asyncio
import os
import shutil
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import fsspec  # pyright: ignore[reportMissingTypeStubs]
from fsspec.implementations.memory import MemoryFileSystem  # pyright: ignore[reportMissingTypeStubs]
from pydantic import SecretStr

from lethe.model.ids import new_id
from lethe.model.sources import SourceAddress, SourceKind
from lethe.settings import SourceCredentials, SourceSettings
from tests.contract.sources import Place
from tests.servers.repositories import Checkout
from tests.servers.s3 import S3Server
from tests.servers.web import Answer, WebSite


class FolderPlace(Place):
    has_folders = True

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.settings = SourceSettings(folders=(str(folder.parent),))
        self.source = SourceAddress(new_id(), SourceKind.FOLDER, str(folder))

    async def put(self, path: str, body: bytes) -> None:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_bytes(body)

    async def remove(self, path: str) -> None:
        (self.folder / path).unlink()

    async def break_listing(self) -> None:
        """Its path is longer than the system takes, as of a disk that was mounted elsewhere."""
        at = os.open(self.folder, os.O_RDONLY)
        for _ in range(20):
            os.mkdir("d" * 250, dir_fd=at)
            below = os.open("d" * 250, os.O_RDONLY, dir_fd=at)
            os.close(at)
            at = below
        os.close(at)


class MemoryPlace(Place):
    def __init__(self) -> None:
        self.settings = SourceSettings(object_stores=("memory://bucket",))
        self.source = SourceAddress(new_id(), SourceKind.OBJECT_STORE, "memory://bucket/documents")
        self.store = MemoryFileSystem()
        self.store.makedirs("/bucket/documents", exist_ok=True)

    async def put(self, path: str, body: bytes) -> None:
        self.store.pipe_file(f"/bucket/documents/{path}", body)

    async def remove(self, path: str) -> None:
        self.store.rm_file(f"/bucket/documents/{path}")

    async def break_listing(self) -> None:
        self.store.rm("/bucket", recursive=True)


class S3Place(Place):
    def __init__(self, server: S3Server) -> None:
        self.bucket = f"{server.url}/bucket-{new_id()}"
        self._request("PUT", "")
        options = {"key": "any", "secret": "any", "endpoint_url": server.url}
        address = f"s3://{self.bucket.rpartition('/')[2]}/documents"
        entry = SourceCredentials(
            name="store", addresses=(address,), options={key: SecretStr(value) for key, value in options.items()}
        )
        self.settings = SourceSettings(credentials=(entry,))
        self.source = SourceAddress(new_id(), SourceKind.OBJECT_STORE, address, "store")

    async def put(self, path: str, body: bytes) -> None:
        await asyncio.to_thread(self._request, "PUT", f"/documents/{path}", body)

    async def remove(self, path: str) -> None:
        await asyncio.to_thread(self._request, "DELETE", f"/documents/{path}")

    async def break_listing(self) -> None:
        for path in ("a.txt", "empty.txt", "guide/b.md", "guide/deep/c.html"):
            await self.remove(path)
        await asyncio.to_thread(self._request, "DELETE", "")

    def _request(self, method: str, path: str, body: bytes = b"") -> None:
        signed = {
            "authorization": "AWS4-HMAC-SHA256 Credential=any/20260101/us-east-1/s3/aws4_request",
            "content-type": "application/octet-stream",
        }
        urlopen(Request(self.bucket + path, data=body, method=method, headers=signed), timeout=30).close()


class DriverPlace(Place):
    """A bucket of the store, filled by the driver that reads it as well."""

    def __init__(self, scheme: str, told: dict[str, str]) -> None:
        self.bucket = f"bucket-{new_id()}"
        address = f"{scheme}://{self.bucket}/documents"
        options = {key: SecretStr(value) for key, value in told.items()}
        entry = SourceCredentials(name="store", addresses=(address,), options=options)
        self.settings = SourceSettings(credentials=(entry,))
        self.source = SourceAddress(new_id(), SourceKind.OBJECT_STORE, address, "store")
        quiet = {"use_listings_cache": False, "skip_instance_cache": True}
        self.store: Any = fsspec.filesystem(scheme, **told, **quiet)  # pyright: ignore[reportUnknownMemberType]
        self.store.mkdir(self.bucket)

    async def put(self, path: str, body: bytes) -> None:
        await asyncio.to_thread(self.store.pipe_file, f"{self.bucket}/documents/{path}", body)

    async def remove(self, path: str) -> None:
        await asyncio.to_thread(self.store.rm_file, f"{self.bucket}/documents/{path}")

    async def break_listing(self) -> None:
        await asyncio.to_thread(self.store.rm, self.bucket, recursive=True)


class WebPlace(Place):
    def __init__(self, site: WebSite) -> None:
        self.site = site
        self.paths: list[str] = []
        self.settings = SourceSettings(private_hosts=("127.0.0.1",))
        self.source = SourceAddress(new_id(), SourceKind.WEB, f"{site.url}/sitemap.xml")
        site.put_sitemap()

    async def put(self, path: str, body: bytes) -> None:
        self.paths = [*dict.fromkeys([*self.paths, f"/{path}"])]
        self.site.put(f"/{path}", body)
        self.site.pages[f"/{path}"].headers = {**self.site.pages[f"/{path}"].headers, "content-type": ""}
        self.site.put_sitemap(*self.paths)

    async def remove(self, path: str) -> None:
        """Sitemaps are often older than what they list."""
        del self.site.pages[f"/{path}"]

    async def break_listing(self) -> None:
        self.site.pages["/guide/b.md"] = Answer(status=500)


class GitPlace(Place):
    def __init__(self, folder: Path) -> None:
        self.checkout = Checkout(folder)
        self.checkout.commit()
        self.settings = SourceSettings(repositories=(f"file://{folder.parent}",))
        self.source = SourceAddress(new_id(), SourceKind.GIT, f"file://{folder}")

    async def put(self, path: str, body: bytes) -> None:
        self.checkout.put(path, body)
        self.checkout.commit()

    async def remove(self, path: str) -> None:
        (self.checkout.folder / path).unlink()
        self.checkout.commit()

    async def break_listing(self) -> None:
        """Its newest commit's tree is lost."""
        shutil.rmtree(self.checkout.folder / ".git/objects")
