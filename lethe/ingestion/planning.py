"""Transaction 1 of an upload: rows that name everything that may come to exist of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePosixPath

from lethe.errors import DocumentConflict, Forbidden, IngestionClosed, IngestionNotFound
from lethe.ingestion.metadata import CHANGED_MEANWHILE, Fields, new_fields, open_fields
from lethe.ingestion.requests import UploadRequest
from lethe.ingestion.rights import is_withheld, may_read
from lethe.ingestion.sniffing import known_suffix
from lethe.ingestion.subjects import SubjectLink, write_links
from lethe.model.blobs import BlobName, blob_key
from lethe.model.documents import Document, Status, Version
from lethe.model.ids import Id
from lethe.model.indexes import NIL_ID, Artefact, ArtefactState, ArtefactStore
from lethe.model.ingestions import Ingestion, Taking
from lethe.model.principals import Caller
from lethe.ports.ledger import UnitOfWork
from lethe.privacy.sealing import Purpose, seal_text


@dataclass(frozen=True, slots=True)
class Source:
    """``hmac`` finds the document, ``begins`` are the digests of each beginning of its URI."""

    uri: str
    hmac: str
    begins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Planned:
    """What transaction 1 came to. ``spare_keys``: of links that were not needed."""

    caller: Caller
    request: UploadRequest
    version: Version
    is_new: bool
    taking: Taking | None
    spare_keys: tuple[Id, ...]


def own_uri(document_id: Id, filename: str) -> str:
    """The source of an upload that names none: never met again, and still telling the file's name to its reader."""
    name = PurePosixPath(filename.replace("\\", "/")).name
    return f"upload:{document_id}/{name}" if name else f"upload:{document_id}"


async def newest_of(uow: UnitOfWork, tenant_id: Id, source: Source) -> tuple[Document | None, Version | None]:
    document = await uow.documents.by_source(tenant_id, source.hmac)
    if document is None:
        return None, None
    return document, (await uow.versions.newest_of(tenant_id, [document.id])).get(document.id)


async def inherited(
    uow: UnitOfWork,
    caller: Caller,
    source: Source,
    document: Document | None,
    newest: Version | None,
    keys: Mapping[Id, bytes],
) -> Fields:
    """What the new version has unless the upload says otherwise: what the newest one has.

    Raises Forbidden if the caller may not read the document, or the version that may soon replace it, or a quarantine
    hides the document from it; if it is restricted, too: another version would take the place of what is to be kept.
    """
    tenant_id = caller.tenant_id
    if document is None:
        return new_fields(tenant_id, source.uri)
    require_unrestricted(document)
    readers = (await uow.documents.readers(tenant_id, [document.id])).get(document.id, ())
    is_readable = may_read(caller, readers) and (newest is None or may_read(caller, newest.readers))
    if not is_readable or await is_withheld(uow, caller, document):
        raise Forbidden("This source belongs to a document you may not read.")
    if newest is None:
        return replace(new_fields(tenant_id, source.uri), readers=readers)
    if newest.id not in keys:
        # Being removed: what was sealed is gone, the rights are not.
        return Fields(source.uri, None, {}, newest.readers, newest.classification)
    return open_fields(keys[newest.id], newest)


def require_unrestricted(document: Document) -> None:
    """Raises Forbidden."""
    if document.restricted_at is not None:
        raise Forbidden("This source belongs to a document that is restricted: no other version may replace it.")


async def require_taking(uow: UnitOfWork, tenant_id: Id, taking: Taking) -> Ingestion:
    """The ingestion, if it still takes this document in; needs the tenant's lock. Raises IngestionClosed, NotFound.

    A closed one takes the entries of its own archive, each once.
    """
    ingestion = await uow.ingestions.get(tenant_id, taking.ingestion_id)
    if ingestion is None:
        raise IngestionNotFound
    is_over = ingestion.unpacked >= taking.entry if taking.entry else ingestion.closed_at is not None
    if ingestion.state.is_final or is_over:
        raise IngestionClosed
    return ingestion


async def claim_taking(uow: UnitOfWork, tenant_id: Id, taking: Taking) -> None:
    """As `require_taking`; what an earlier sending of the same item was refused with counts no more."""
    await require_taking(uow, tenant_id, taking)
    if taking.item_id:
        await uow.ingestions.withdraw(tenant_id, taking.ingestion_id, taking.item_id)


async def add_document(
    uow: UnitOfWork, tenant_id: Id, document_id: Id, source: Source, fields: Fields, at: datetime
) -> Document:
    document = Document(tenant_id, document_id, source.hmac, Status.RECEIVING, 0, 1, 0, None, at, at)
    await uow.documents.add(document)
    await uow.documents.set_readers(tenant_id, document_id, fields.readers)
    await uow.quarantines.put_prefixes(tenant_id, document_id, source.begins)
    return document


def received(
    document: Document,
    version_id: Id,
    request: UploadRequest,
    key: bytes,
    fields: Fields,
    at: datetime,
    taking: Taking | None,
) -> Version:
    return Version(
        tenant_id=document.tenant_id,
        id=version_id,
        document_id=document.id,
        submission=document.next_submission,
        epoch=document.epoch,
        status=Status.RECEIVING,
        blob_key=blob_key(document.tenant_id, version_id, BlobName.ORIGINAL),
        readers=fields.readers,
        classification=fields.classification,
        sealed_source_uri=b"",
        sealed_title=seal_text(key, Purpose.TITLE, ""),
        sealed_metadata=b"",
        created_at=at,
        updated_at=at,
        filename_suffix=known_suffix(request.filename),
        media_type=request.media_type,
        ingestion_id=taking.ingestion_id if taking else None,
        archive_entry=(taking.entry or None) if taking else None,
        source_id=taking.source_id if taking else None,
        rewritten_at=None if request.is_renewal else at,
    )


async def add_version(
    uow: UnitOfWork, document: Document, version: Version, links: Sequence[SubjectLink], request: UploadRequest
) -> tuple[Id, ...]:
    """Name everything that may come to exist of the version; returns the keys of links that were not needed.

    Raises DocumentConflict if it remakes one that is not the newest any more.
    """
    tenant_id, now = version.tenant_id, version.created_at
    if request.remakes:
        newest = (await uow.versions.newest_of(tenant_id, [document.id])).get(document.id)
        if newest is None or newest.id != request.remakes:
            raise DocumentConflict(CHANGED_MEANWHILE)
        version = replace(version, source_id=newest.source_id, rewritten_at=newest.rewritten_at)
    named = replace(
        document,
        next_submission=version.submission + 1,
        updated_at=now,
        purpose=request.purpose or document.purpose,
        legal_basis=request.legal_basis or document.legal_basis,
        renewed_at=now if request.is_renewal else document.renewed_at,
        expires_at=request.expires_at or document.expires_at,
    )
    await uow.documents.update(named)
    await uow.versions.add(version)
    if request.remakes:
        await uow.subjects.share(tenant_id, request.remakes, [version.id])
    await uow.quarantines.cover(tenant_id, document.id, version.ingestion_id)
    await uow.artefacts.plan(Artefact(tenant_id, version.id, ArtefactStore.BLOB, NIL_ID, ArtefactState.PLANNED, now))
    return await write_links(uow, tenant_id, version.id, links, now)
