"""Unpacking an archive into documents: in order, each entry once, whatever is killed meanwhile."""

import asyncio
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar, cast

from lethe.contracts.bulk import IngestionRef
from lethe.errors import (
    ArchiveUnreadable,
    DocumentError,
    IngestionClosed,
    IngestionNotFound,
    KeyDestroyed,
    NotFound,
    SealBroken,
    WorkerStopping,
)
from lethe.ingestion.bulk.entries import Entry, open_entries
from lethe.ingestion.bulk.receiving import Receiving
from lethe.ingestion.requests import MetadataValue, UploadRequest
from lethe.model.blobs import BlobName, blob_prefix
from lethe.model.documents import SubjectMention
from lethe.model.ids import Id
from lethe.model.ingestions import Ingestion
from lethe.privacy.sealing import Purpose, unseal_json, unseal_stream
from lethe.settings import BulkSettings

SLICE_SECONDS: Final = 15.0
"""How long one call unpacks: between calls the batches of what it found are planned."""
ENDED: Final = 1 << 40
"""The number of an entry past every other: an archive that is not read on has come to it."""

ItemT = TypeVar("ItemT")


@dataclass(frozen=True, slots=True)
class Unpacking:
    """What a worker has to say while an archive is unpacked. ``reach`` names places to fault tests."""

    is_stopping: Callable[[], bool]
    reach: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Archives:
    """Unpacks the archives of ingestions. ``scratch`` holds one in the clear while it is read."""

    receiving: Receiving
    limits: BulkSettings
    scratch: Path

    async def unpack(self, ref: IngestionRef, unpacking: Unpacking) -> None:
        """Take in the next entries; what is damaged or refused is kept as a refusal. After the last one the archive is
        removed. Raises WorkerStopping.
        """
        tenant_id = ref.tenant_id
        async with self.receiving.ledger.read() as uow:
            ingestion = await uow.ingestions.get(tenant_id, ref.ingestion_id)
            left_over = await uow.versions.left_by_archive(tenant_id, ref.ingestion_id)
        if ingestion is None:
            raise IngestionNotFound
        for version_id in left_over:  # of an attempt that was killed between the two transactions of an upload
            await self.receiving.uploads.remover.remove_unindexed(tenant_id, version_id)
        if not ingestion.archive_key or ingestion.state.is_final:
            return
        try:
            if ingestion.unpacked < ENDED and not await self._unpack(ingestion, unpacking):
                return
        except IngestionClosed:  # cancelled meanwhile
            return
        except DocumentError as error:
            with suppress(IngestionClosed):  # another attempt has said so
                await self.receiving.refuse_entry(ingestion, "", error, ENDED)
        async with self.receiving.ledger.write() as uow:  # before it is gone: from here on that is no loss
            await uow.ingestions.count(tenant_id, ingestion.id, entry=ENDED)
        unpacking.reach("forget:before")
        await self.receiving.uploads.blobs.delete_prefix(blob_prefix(tenant_id, ingestion.id))
        unpacking.reach("forget:after")
        async with self.receiving.ledger.write() as uow:
            await uow.ingestions.forget_archive(tenant_id, ingestion.id)

    async def _unpack(self, ingestion: Ingestion, unpacking: Unpacking) -> bool:
        """Take entries in until the time is up; returns whether the last one was among them."""
        done = ingestion.unpacked
        options = await self._options(ingestion)
        async with self._clear(ingestion) as path, self._entries(path) as entries:
            # From here on, and one entry at least: an archive that takes long to open must come to its end too.
            until = time.monotonic() + SLICE_SECONDS
            async for entry in entries:
                if entry.number <= done:
                    continue
                if unpacking.is_stopping():
                    raise WorkerStopping
                if done > ingestion.unpacked and time.monotonic() > until:
                    return False
                await self._take(ingestion, options, entry, unpacking)
                done = entry.number
        return True

    async def _take(self, ingestion: Ingestion, options: UploadRequest, entry: Entry, unpacking: Unpacking) -> None:
        if entry.refused is not None:
            await self.receiving.refuse_entry(ingestion, entry.name, entry.refused, entry.number)
            return
        prefix = options.source_uri
        request = replace(options, source_uri=None if prefix is None else prefix + entry.name, filename=entry.name)

        async def data() -> AsyncIterator[bytes]:
            async for piece in _threaded(entry.pieces()):
                yield piece
            unpacking.reach("entry:read")

        await self.receiving.take_entry(ingestion, request, data(), entry.number)
        unpacking.reach("entry:after")

    async def _options(self, ingestion: Ingestion) -> UploadRequest:
        """What is said of every document. ``source_uri`` is the beginning of each one's."""
        with _required():
            key = await self.receiving.keyring.get(ingestion.tenant_id, ingestion.id)
            said = cast("dict[str, object]", unseal_json(key, Purpose.OPTIONS, ingestion.sealed_options))
        subjects = cast("list[dict[str, str]]", said.get("subjects") or [])
        readers = cast("list[Id] | None", said.get("readers"))
        expires_at = cast("str | None", said.get("expires_at"))
        return UploadRequest(
            source_uri=cast("str | None", said.get("source_prefix")),
            metadata=cast("dict[str, MetadataValue] | None", said.get("metadata")),
            readers=None if readers is None else tuple(readers),
            classification=cast("str | None", said.get("classification")),
            expires_at=None if expires_at is None else datetime.fromisoformat(expires_at),
            subjects=tuple(SubjectMention(each["kind"], each["value"]) for each in subjects),
        )

    @asynccontextmanager
    async def _clear(self, ingestion: Ingestion) -> AsyncGenerator[Path]:
        with tempfile.TemporaryDirectory(dir=self.scratch, prefix="read-") as folder:
            path = Path(folder) / BlobName.ARCHIVE
            with _required(), path.open("wb") as file:
                key = await self.receiving.keyring.get(ingestion.tenant_id, ingestion.id)
                sealed = self.receiving.uploads.blobs.read(ingestion.archive_key)
                async for piece in unseal_stream(key, Purpose.ARCHIVE, sealed):
                    await asyncio.to_thread(file.write, piece)
            yield path

    @asynccontextmanager
    async def _entries(self, path: Path) -> AsyncGenerator[AsyncIterator[Entry]]:
        opened = open_entries(path, self.limits)
        entries = await asyncio.to_thread(opened.__enter__)
        try:
            yield _threaded(entries)
        finally:
            opened.__exit__(None, None, None)


@contextmanager
def _required() -> Generator[None]:
    """Without what is read in this block nothing more can be unpacked, ever. Raises ArchiveUnreadable."""
    try:
        yield
    except (NotFound, SealBroken, KeyDestroyed) as error:
        raise ArchiveUnreadable from error


async def _threaded(items: Iterator[ItemT]) -> AsyncIterator[ItemT]:
    """Each item, made in a thread: making it may inflate much, or read far."""
    while True:
        item = await asyncio.to_thread(next, items, None)
        if item is None:
            return
        yield item
