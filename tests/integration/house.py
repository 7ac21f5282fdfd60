"""One tenant's use cases over a real ledger, with the other stores replaced by stand-ins: no worker runs."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from lethe.adapters.fakes.blobs import FakeBlobs
from lethe.adapters.fakes.clock import FakeClock
from lethe.adapters.fakes.keyring import FakeKeyRing
from lethe.adapters.fakes.keywords import InMemoryKeywordIndex
from lethe.adapters.fakes.vectors import InMemoryVectorIndex
from lethe.adapters.sql import SqlLedger
from lethe.ingestion.documents import Documents
from lethe.ingestion.metadata import Fields, open_fields
from lethe.ingestion.removal import VersionRemover
from lethe.ingestion.requests import Receipt, UploadRequest
from lethe.ingestion.revision import PipelineRevision
from lethe.ingestion.uploads import Uploads
from lethe.model.documents import Status, Version
from lethe.model.ids import Id, new_id
from lethe.model.principals import Caller, Role, Tenant

SOURCE = "file:///plan.txt"


class SteppingClock(FakeClock):
    """No two rows are of the same instant."""

    def now(self) -> datetime:
        return self.advance(timedelta(milliseconds=1))


class KilledError(Exception):
    """Stands for the end of the process."""


class KilledOnce(FakeKeyRing):
    """The process ends when keys, or the one named ``fatal``, are to be destroyed, the first time."""

    was_killed = False
    fatal: Id = ""

    async def destroy(self, tenant_id: Id, key_ids: Collection[Id]) -> int:
        if not self.was_killed and (self.fatal in key_ids if self.fatal else key_ids):
            self.was_killed = True
            raise KilledError
        return await super().destroy(tenant_id, key_ids)


@dataclass
class House:
    """One tenant's use cases. ``writer`` is in no group; ``hr`` is a group nobody here is in but the admin."""

    ledger: SqlLedger
    keyring: FakeKeyRing
    uploads: Uploads
    documents: Documents
    admin: Caller
    writer: Caller
    hr: Id

    @property
    def tenant_id(self) -> Id:
        return self.admin.tenant_id

    async def upload(
        self,
        data: str,
        caller: Caller | None = None,
        meanwhile: Callable[[], Awaitable[object]] | None = None,
        **fields: Any,
    ) -> Receipt:
        """``meanwhile`` runs after the upload was planned and before its last byte came."""

        async def sending() -> AsyncIterator[bytes]:
            if meanwhile:
                await meanwhile()
            yield data.encode()

        wish: dict[str, Any] = {"source_uri": SOURCE, **fields}
        return await self.uploads.receive(caller or self.admin, UploadRequest(**wish), sending())

    async def live(self, data: str, **fields: Any) -> Receipt:
        receipt = await self.upload(data, **fields)
        await self.publish(receipt)
        return receipt

    async def publish(self, receipt: Receipt) -> None:
        """What `switch` writes."""
        async with self.ledger.write() as uow:
            await uow.tenants.lock(self.tenant_id)
            seq = await uow.tenants.advance(self.tenant_id)
            document = await uow.documents.get(self.tenant_id, receipt.document_id)
            version = await uow.versions.get(self.tenant_id, receipt.version_id)
            assert document
            assert version
            if document.live_version_id:
                replaced = await uow.versions.get(self.tenant_id, document.live_version_id)
                assert replaced
                await uow.versions.update(replace(replaced, live_until=seq))
            await uow.versions.update(replace(version, status=Status.READY, live_from=seq))
            await uow.documents.update(
                replace(document, status=Status.READY, live_version_id=version.id, live_submission=version.submission)
            )
            await uow.documents.set_readers(self.tenant_id, document.id, version.readers)

    async def fail(self, receipt: Receipt) -> None:
        async with self.ledger.write() as uow:
            document = await uow.documents.get(self.tenant_id, receipt.document_id)
            version = await uow.versions.get(self.tenant_id, receipt.version_id)
            assert document
            assert version
            await uow.versions.update(replace(version, status=Status.FAILED))
            await uow.documents.update(replace(document, status=Status.FAILED))

    async def version(self, receipt: Receipt) -> Version:
        async with self.ledger.read() as uow:
            version = await uow.versions.get(self.tenant_id, receipt.version_id)
        assert version
        return version

    async def fields(self, receipt: Receipt) -> Fields:
        return open_fields(await self.keyring.get(self.tenant_id, receipt.version_id), await self.version(receipt))


@asynccontextmanager
async def open_house(ledger: SqlLedger) -> AsyncGenerator[House]:
    tenant_id, clock, keyring, blobs = new_id(), SteppingClock(), FakeKeyRing(), FakeBlobs()
    await keyring.create_tenant(tenant_id)
    async with ledger.write() as uow:
        await uow.tenants.add(Tenant(tenant_id, "house", 0, clock.now()))
    yield House(
        ledger=ledger,
        keyring=keyring,
        uploads=Uploads(
            ledger=ledger,
            blobs=blobs,
            keyring=keyring,
            remover=VersionRemover(ledger, blobs, keyring, InMemoryVectorIndex(), InMemoryKeywordIndex()),
            clock=clock,
            revision=PipelineRevision("p1", "c1"),
            max_bytes=1_000,
        ),
        documents=Documents(ledger, keyring, clock),
        admin=Caller(tenant_id, new_id(), Role.ADMIN),
        writer=Caller(tenant_id, new_id(), Role.WRITER),
        hr=new_id(),
    )
