"""Unpacking an archive while other things happen to its ingestion: on both engines, with only SQL being real."""

import asyncio
import errno
import io
import threading
import zipfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from lethe.adapters.fakes.blobs import FakeBlobs
from lethe.adapters.fakes.clock import FakeClock
from lethe.adapters.sql import SqlLedger
from lethe.contracts.bulk import IngestionRef
from lethe.errors import ArchiveChanged, IngestionClosed, LedgerConflict
from lethe.ingestion.bulk.archives import Archives, Unpacking
from lethe.ingestion.bulk.ingestions import Ingestions
from lethe.ingestion.bulk.receiving import Receiving
from lethe.ingestion.removal import VersionRemover
from lethe.ingestion.requests import Outcome, UploadRequest
from lethe.model.documents import Status
from lethe.model.ids import Id
from lethe.model.ingestions import IngestionState
from lethe.settings import BulkSettings
from tests.integration.house import House, open_house
from tests.integration.installation import once

FILES = {"a.txt": "The first.", "b.txt": "The second.", "c.txt": "The third."}
PREFIX = "archive:///"


def zipped(files: Mapping[str, str]) -> bytes:
    """The same bytes for the same files."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return made.getvalue()


class KilledError(Exception):
    """Stands for the end of the process: nothing tidies up after it."""


class Desk:
    """An ingestion of one archive."""

    def __init__(self, house: House, scratch: Path) -> None:
        self.house = house
        self.receiving = Receiving(house.ledger, house.keyring, house.uploads, FakeClock())
        self.ingestions = Ingestions(house.ledger, house.keyring, FakeClock())
        self.scratch = scratch
        self.ref = IngestionRef(tenant_id=house.tenant_id, ingestion_id=house.tenant_id)

    async def begin(self, data: bytes = b"") -> Id:
        caller = self.house.writer
        ingestion = await self.receiving.start(caller, 4, {"source_prefix": PREFIX})
        self.ref = IngestionRef(tenant_id=caller.tenant_id, ingestion_id=ingestion.id)
        await self.send(once(data or zipped(FILES)))
        return ingestion.id

    async def send(self, data: AsyncIterator[bytes]) -> None:
        await self.receiving.keep_archive(self.house.writer, self.ref.ingestion_id, data)

    @property
    def archives(self) -> set[str]:
        """The blobs of archives."""
        return {key for key in self.contents if "/archive" in key}

    @property
    def contents(self) -> dict[str, bytes]:
        blobs = self.house.uploads.blobs
        assert isinstance(blobs, FakeBlobs)
        return blobs.contents

    async def unpack_one(self) -> None:
        """The first file, and no more: the worker is killed behind it."""

        def die(passed: str) -> None:
            if passed == "entry:after":
                raise KilledError

        with pytest.raises(KilledError):
            await self.unpack(die)

    async def unpack(self, reach: Callable[[str], None] = lambda place: None, **limits: int) -> None:
        archives = Archives(self.receiving, BulkSettings.model_validate(limits), self.scratch)
        await archives.unpack(self.ref, Unpacking(is_stopping=lambda: False, reach=reach))

    async def ended(self) -> list[str]:
        """The names taken in, in order; nothing is left over."""
        async with self.house.ledger.read() as uow:
            assert await uow.versions.left_by_archive(self.ref.tenant_id, self.ref.ingestion_id) == []
            ingestion = await uow.ingestions.get(self.ref.tenant_id, self.ref.ingestion_id)
        assert ingestion
        assert ingestion.archive_key == ""
        page = await self.ingestions.items(self.house.writer, self.ref.ingestion_id, None, 0, 100)
        return [item.name.removeprefix(PREFIX) for item in page.views]

    async def refusals(self) -> list[tuple[str, str]]:
        page = await self.ingestions.refused(self.house.writer, self.ref.ingestion_id, None, 100)
        return [(item.name, item.code) for item in page.views]


@pytest_asyncio.fixture
async def desk(ledger: SqlLedger, tmp_path: Path) -> AsyncGenerator[Desk]:
    async with open_house(ledger) as house:
        yield Desk(house, tmp_path)


async def test_a_document_sent_beside_the_archive_is_left_alone(desk: Desk) -> None:
    """It is still being received while the archive is unpacked into the same, open ingestion."""
    await desk.begin()

    async def slow() -> AsyncIterator[bytes]:
        await desk.unpack()
        yield b"Sent beside it."

    request = UploadRequest(source_uri=f"{PREFIX}d.txt", filename="d.txt")
    taken = await desk.receiving.take(desk.house.writer, desk.ref.ingestion_id, request, slow())
    assert taken.outcome is Outcome.ADDED
    assert await desk.ended() == [*FILES, "d.txt"]
    assert await desk.refusals() == []


@pytest.mark.parametrize("place", ["entry:read", "entry:after", "forget:before", "forget:after"])
async def test_what_a_killed_attempt_left_is_gone_on_with(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    await desk.begin()

    def die(passed: str) -> None:
        if passed == place:
            raise KilledError

    async def nothing(*_: object) -> None:
        pass

    with monkeypatch.context() as patch:
        patch.setattr(VersionRemover, "remove_unindexed", nothing)
        with pytest.raises(KilledError):
            await desk.unpack(die)
    await desk.unpack()
    assert await desk.ended() == list(FILES)
    assert await desk.refusals() == []
    view = await desk.ingestions.get(desk.house.writer, desk.ref.ingestion_id)
    assert (view.total, view.skipped) == (3, 0)


async def test_an_archive_that_is_sent_again_leaves_the_one_that_is_unpacked(desk: Desk) -> None:
    """The first sending broke off behind its archive; while the second one comes the ingestion is closed."""
    ingestion_id = await desk.begin()
    await desk.unpack_one()

    async def closed_meanwhile() -> AsyncIterator[bytes]:
        yield zipped(FILES)
        await desk.ingestions.close(desk.house.writer, ingestion_id)

    kept = desk.archives
    with pytest.raises(IngestionClosed):
        await desk.send(closed_meanwhile())
    assert desk.archives == kept
    await desk.unpack()
    assert await desk.ended() == list(FILES)
    assert await desk.refusals() == []
    assert desk.archives == set()


async def test_the_same_archive_again_changes_nothing(desk: Desk) -> None:
    await desk.begin()
    kept = desk.archives
    await desk.send(once(zipped(FILES)))
    assert desk.archives == kept
    await desk.unpack()
    await desk.send(once(zipped(FILES)))
    await desk.unpack()
    assert (await desk.ended(), desk.archives) == (list(FILES), set())


@pytest.mark.parametrize("is_unpacked", [False, True])
async def test_another_archive_is_refused_and_not_taken_for_the_first(desk: Desk, is_unpacked: bool) -> None:
    """Its files have the numbers of the first one's, which were taken or refused."""
    await desk.begin(b"PK damaged")
    kept = desk.archives
    if is_unpacked:
        await desk.unpack()
        assert await desk.refusals() == [("", "corrupt_document")]
    with pytest.raises(ArchiveChanged):
        await desk.send(once(zipped(FILES)))
    assert desk.archives == (set() if is_unpacked else kept)


@pytest.mark.parametrize("what", ["blob", "key", "bytes"])
async def test_an_archive_that_cannot_be_read_any_more_is_told_and_ends(desk: Desk, what: str) -> None:
    ingestion_id = await desk.begin()
    await desk.unpack_one()
    (place,) = desk.archives
    if what == "blob":
        del desk.contents[place]
    elif what == "key":
        await desk.house.keyring.destroy(desk.ref.tenant_id, [ingestion_id])
    else:
        desk.contents[place] = desk.contents[place][:-1]
    await desk.unpack()
    assert await desk.ended() == ["a.txt"]
    assert await desk.refusals() == [("", "archive_unreadable")]
    assert desk.archives == set()
    await desk.unpack()
    assert len(await desk.refusals()) == 1


async def test_a_disk_that_fails_costs_no_archive(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    await desk.begin()

    def fail(self: object, size: int = -1) -> bytes:
        raise OSError(errno.EIO, "the disk")

    with monkeypatch.context() as patch:
        patch.setattr(zipfile.ZipExtFile, "read", fail)
        with pytest.raises(OSError, match="the disk"):
            await desk.unpack()
    await desk.unpack()
    assert (await desk.ended(), await desk.refusals()) == (list(FILES), [])


async def test_of_two_attempts_at_once_each_file_is_taken_in_once(desk: Desk) -> None:
    """A worker that was taken for dead goes on with a file while another one unpacks the archive."""
    await desk.begin()
    async with desk.house.ledger.read() as uow:
        ingestion = await uow.ingestions.get(desk.ref.tenant_id, desk.ref.ingestion_id)
    assert ingestion

    async def overtaken() -> AsyncIterator[bytes]:
        await desk.unpack()
        yield FILES["a.txt"].encode()

    request = UploadRequest(source_uri=f"{PREFIX}a.txt", filename="a.txt")
    with pytest.raises(LedgerConflict):
        await desk.receiving.take_entry(ingestion, request, overtaken(), 1)
    assert await desk.ended() == list(FILES)
    assert await desk.refusals() == []


@pytest.mark.parametrize(("owner", "name"), [(zipfile, "is_zipfile"), (zipfile.ZipExtFile, "read")])
async def test_the_worker_does_other_things_while_an_archive_is_read(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, owner: object, name: str
) -> None:
    """Opening and inflating wait here for what only another task of the same loop does."""
    await desk.begin()
    reading, other_task_ran = threading.Event(), threading.Event()
    original: Callable[..., Any] = getattr(owner, name)

    def slow(*values: Any) -> Any:
        reading.set()
        assert other_task_ran.wait(60)
        return original(*values)

    monkeypatch.setattr(owner, name, slow)
    unpacking = asyncio.create_task(desk.unpack())
    while not reading.is_set():
        await asyncio.sleep(0.01)
    other_task_ran.set()
    await unpacking
    assert await desk.ended() == list(FILES)


async def test_an_archive_past_its_limits_keeps_what_came_before(desk: Desk) -> None:
    await desk.begin()
    await desk.unpack(archive_bytes=25)
    assert await desk.ended() == ["a.txt", "b.txt"]
    assert await desk.refusals() == [("", "document_too_large")]


async def test_a_cancelled_ingestion_is_not_unpacked(desk: Desk) -> None:
    await desk.begin()
    await desk.ingestions.set_state(desk.house.writer, desk.ref.ingestion_id, IngestionState.CANCELLED)
    await desk.unpack()
    page = await desk.ingestions.items(desk.house.writer, desk.ref.ingestion_id, Status.PENDING, 0, 9)
    assert page.views == ()
