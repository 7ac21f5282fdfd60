"""Taking documents in for a bulk ingestion."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from lethe.errors import (
    ArchiveChanged,
    ClientError,
    DocumentConflict,
    DocumentError,
    IngestionClosed,
    IngestionNotFound,
    KeyDestroyed,
    LedgerConflict,
    LetheError,
    SourceAddressRefused,
    SubjectSuppressed,
)
from lethe.ingestion.measuring import Digested
from lethe.ingestion.planning import require_taking
from lethe.ingestion.requests import Outcome, UploadRequest
from lethe.ingestion.uploads import Uploads
from lethe.model.blobs import archive_key
from lethe.model.ids import Id, new_id
from lethe.model.ingestions import Ingestion, IngestionState, Refusal, Taking
from lethe.model.operations import Dispatch, DispatchKind
from lethe.model.principals import Caller
from lethe.model.workflow_ids import dispatch_id
from lethe.ports.clock import Clock
from lethe.ports.keyring import KeyRing, SecretPurpose
from lethe.ports.ledger import Ledger
from lethe.privacy.digests import keyed_digest
from lethe.privacy.sealing import Purpose, seal_json, seal_stream, seal_text


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one document of an ingestion: an outcome, or the code it was refused with."""

    name: str
    document_id: Id | None
    version_id: Id | None
    outcome: Outcome | None
    code: str = ""


@dataclass(frozen=True, slots=True)
class Receiving:
    """Begins bulk ingestions, and fills them: whoever may fill one was asked before."""

    ledger: Ledger
    keyring: KeyRing
    uploads: Uploads
    clock: Clock

    async def start(
        self,
        caller: Caller,
        window: int,
        options: Mapping[str, object] | None = None,
        ingestion_id: Id | None = None,
    ) -> Ingestion:
        """An open ingestion and its dispatch. ``options`` are kept, sealed, for the entries of an archive.

        ``ingestion_id``: one that an earlier, broken off sending of the request began is gone on with, if it is open.
        """
        ingestion_id = ingestion_id or new_id()
        async with self.ledger.read() as uow:
            begun = await uow.ingestions.get(caller.tenant_id, ingestion_id)
        if begun is not None:
            if begun.is_open:
                return begun
            ingestion_id = new_id()
        now = self.clock.now()
        key = await self.keyring.create(caller.tenant_id, ingestion_id)
        ingestion = Ingestion(
            tenant_id=caller.tenant_id,
            id=ingestion_id,
            principal_id=caller.principal_id,
            role=caller.role,
            groups=tuple(sorted(caller.groups)),
            state=IngestionState.RUNNING,
            batch_window=window,
            created_at=now,
            updated_at=now,
            sealed_options=b"" if options is None else seal_json(key, Purpose.OPTIONS, dict(options)),
        )
        kind = DispatchKind.INGEST_BULK
        workflow_id = dispatch_id(kind, caller.tenant_id, ingestion_id)
        async with self.ledger.write() as uow:
            await uow.ingestions.add(ingestion)
            await uow.dispatches.add(Dispatch(caller.tenant_id, workflow_id, kind, ingestion_id, now))
        return ingestion

    async def take(
        self,
        caller: Caller,
        ingestion_id: Id,
        request: UploadRequest,
        data: AsyncIterator[bytes],
        item_id: Id | None = None,
        source_id: Id | None = None,
    ) -> Taken:
        """Take one document in. What is wrong with it is kept as a refusal; what is wrong with us is raised.

        ``item_id``: what is made of it is called so; the same again, after a broken off sending, meets it.
        ``source_id``: the source it is taken from; then what says nothing of the bytes is raised too: LedgerConflict
        if it is to be tried again, SourceAddressRefused.
        """
        try:
            taking = Taking(ingestion_id, item_id=item_id, source_id=source_id)
            receipt = await self.uploads.receive(caller, request, data, taking, document_id=item_id)
        except (IngestionClosed, IngestionNotFound, SourceAddressRefused):
            raise
        except (ClientError, DocumentError, KeyDestroyed) as error:
            if source_id and isinstance(error, (DocumentConflict, KeyDestroyed)):
                raise LedgerConflict from error
            if isinstance(error, KeyDestroyed):
                raise
            return await self.refuse_item(caller.tenant_id, ingestion_id, request.filename, error, item_id)
        return Taken(request.filename, receipt.document_id, receipt.version_id, receipt.outcome)

    async def take_entry(
        self, ingestion: Ingestion, request: UploadRequest, data: AsyncIterator[bytes], entry: int
    ) -> None:
        """As `take`, for an entry of the ingestion's archive, each of which is taken or refused once.

        Raises IngestionClosed, also for an entry that was taken, and LedgerConflict if it is to be tried again.
        """
        try:
            await self.uploads.receive(ingestion.caller, request, data, Taking(ingestion.id, entry))
        except (IngestionClosed, IngestionNotFound):
            raise
        except (DocumentConflict, KeyDestroyed) as error:
            # Another attempt at the archive, or a deletion, removed the version: that says nothing of the file.
            raise LedgerConflict from error
        except (ClientError, DocumentError) as error:
            await self.refuse_entry(ingestion, request.filename, error, entry)

    async def refuse_item(
        self, tenant_id: Id, ingestion_id: Id, name: str, error: LetheError, item_id: Id | None = None
    ) -> Taken:
        """Keep that a document was refused, before or while it was taken."""
        return await self._refuse(tenant_id, Taking(ingestion_id), name, error, item_id)

    async def refuse_entry(self, ingestion: Ingestion, name: str, error: LetheError, entry: int) -> None:
        """Keep that an entry of the archive was refused. Raises IngestionClosed."""
        await self._refuse(ingestion.tenant_id, Taking(ingestion.id, entry), name, error)

    async def _refuse(
        self, tenant_id: Id, taking: Taking, name: str, error: LetheError, item_id: Id | None = None
    ) -> Taken:
        key = (await self.keyring.get_many(tenant_id, [taking.ingestion_id])).get(taking.ingestion_id)
        # A file may be named after whoever must not come back.
        said = "" if isinstance(error, SubjectSuppressed) else name
        sealed = b"" if key is None else seal_text(key, Purpose.REFUSED_NAME, said)
        refusal = Refusal(tenant_id, taking.ingestion_id, item_id or new_id(), error.code, sealed, self.clock.now())
        async with self.ledger.write() as uow:
            await uow.tenants.lock(tenant_id)
            if taking.entry:
                await require_taking(uow, tenant_id, taking)
            await uow.ingestions.refuse(refusal, taking.entry)
        return Taken(name, None, None, None, error.code)

    async def keep_archive(self, caller: Caller, ingestion_id: Id, data: AsyncIterator[bytes]) -> None:
        """Store an archive, sealed, to be unpacked by the workflow; the same one again changes nothing.

        Raises IngestionClosed, and ArchiveChanged if the ingestion was given another one; then nothing of it remains.
        """
        tenant_id, digested = caller.tenant_id, Digested()
        key = await self.keyring.get(tenant_id, ingestion_id)
        digest_key = await self.keyring.secret(tenant_id, SecretPurpose.DIGEST)
        place = archive_key(tenant_id, ingestion_id, new_id())
        await self.uploads.blobs.write(place, seal_stream(key, Purpose.ARCHIVE, digested.over(data)))
        archive_hmac = keyed_digest(digest_key, "archive", digested.sha256)
        async with self.ledger.write() as uow:
            await uow.tenants.lock(tenant_id)
            ingestion = await uow.ingestions.get(tenant_id, ingestion_id)
            is_first = ingestion is not None and ingestion.is_open and not ingestion.archive_hmac
            if is_first:
                await uow.ingestions.set_archive(tenant_id, ingestion_id, place, archive_hmac)
        if is_first:
            return
        await self.uploads.blobs.delete_prefix(place)
        if ingestion is None or not ingestion.is_open:
            raise IngestionClosed
        if ingestion.archive_hmac != archive_hmac:
            # Its files would be numbered as those of the first one, and be taken for them.
            raise ArchiveChanged(f"Ingestion {ingestion_id} was given another archive.")
