"""Fields that are applied in place: title, metadata, readers, classification. No parse, no embedding (P1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from lethe.errors import DocumentConflict
from lethe.ingestion.requests import MetadataPatch, MetadataValue, UploadRequest
from lethe.ingestion.rights import reachable
from lethe.model.attributes import attributes
from lethe.model.documents import Status, Version
from lethe.model.ids import Id, new_id
from lethe.model.operations import Dispatch, DispatchKind
from lethe.model.principals import Caller
from lethe.model.workflow_ids import dispatch_id
from lethe.ports.clock import Clock
from lethe.ports.keyring import KeyRing, SecretPurpose
from lethe.ports.ledger import Ledger, UnitOfWork
from lethe.privacy.digests import metadata_fingerprint
from lethe.privacy.erasure.suppressing import refuse_suppressed
from lethe.privacy.sealing import Purpose, seal_json, seal_text, unseal_json, unseal_text

DEFAULT_CLASSIFICATION = "internal"
IN_FLIGHT = frozenset(
    {Status.RECEIVING, Status.PENDING, Status.PARSING, Status.CHUNKING, Status.EMBEDDING, Status.INDEXING}
)
"""A version with one of these may still become the live one by itself."""
MAY_GO_LIVE = IN_FLIGHT | {Status.FAILED}
"""A failed version waits to be driven again."""
MAX_LOOKS = 20
"""How often keys are fetched again because an upload of the same document was planned meanwhile."""
CHANGED_MEANWHILE = "Another change of this document was made first; read it again and repeat."


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of a version in clear text. ``title`` is None where the document's own is used."""

    source_uri: str
    title: str | None
    metadata: Mapping[str, MetadataValue]
    readers: tuple[Id, ...]
    classification: str

    def changed_by(self, wish: UploadRequest | MetadataPatch) -> "Fields":
        """These fields with every field the wish names; None keeps. Raises InvalidRequest for unfit metadata."""
        attributes(wish.metadata or {})
        return Fields(
            source_uri=self.source_uri,
            title=self.title if wish.title is None else wish.title,
            metadata=self.metadata if wish.metadata is None else wish.metadata,
            readers=self.readers if wish.readers is None else tuple(sorted(set(wish.readers))),
            classification=self.classification if wish.classification is None else wish.classification,
        )

    def fingerprint(self, digest_key: bytes) -> str:
        """The `meta_fp` of P1."""
        return metadata_fingerprint(
            digest_key,
            title=self.title or "",
            metadata=self.metadata,
            readers=self.readers,
            classification=self.classification,
        )


def new_fields(tenant_id: Id, source_uri: str) -> Fields:
    """What a document has before anyone says otherwise: readable by its whole tenant."""
    return Fields(source_uri, None, {}, (tenant_id,), DEFAULT_CLASSIFICATION)


def open_fields(key: bytes, version: Version) -> Fields:
    """The version's fields, unsealed."""
    return Fields(
        source_uri=unseal_text(key, Purpose.SOURCE_URI, version.sealed_source_uri),
        title=unseal_text(key, Purpose.TITLE, version.sealed_title) if version.title_given else None,
        metadata=cast("Mapping[str, MetadataValue]", unseal_json(key, Purpose.METADATA, version.sealed_metadata)),
        readers=version.readers,
        classification=version.classification,
    )


def sealed_into(version: Version, key: bytes, fields: Fields, digest_key: bytes, at: datetime) -> Version:
    """The version with these fields sealed under its key; a title nobody gave stays the document's own."""
    if fields.title is not None:
        version = replace(version, sealed_title=seal_text(key, Purpose.TITLE, fields.title), title_given=True)
    return replace(
        version,
        sealed_source_uri=seal_text(key, Purpose.SOURCE_URI, fields.source_uri),
        sealed_metadata=seal_json(key, Purpose.METADATA, dict(fields.metadata)),
        readers=fields.readers,
        classification=fields.classification,
        meta_fp=fields.fingerprint(digest_key),
        updated_at=at,
    )


@dataclass(frozen=True, slots=True)
class Change:
    """What a caller wishes of a document whose live version it saw.

    ``submission`` is that of the upload that wishes it: later ones have made wishes of their own. None for a patch,
    which is later than every submission there is. ``linked_by``: the version of that upload, which names the persons
    that its text is about, and goes. ``dispatches``: whether a workflow is to tell the index; otherwise
    the caller is one that does.
    """

    caller: Caller
    live: Version
    wish: UploadRequest | MetadataPatch
    submission: int | None = None
    linked_by: Id | None = None
    dispatches: bool = True

    def concerns(self, version: Version) -> bool:
        """The live version and those that may still replace it: their switch must not bring the old fields back."""
        if version.id == self.live.id:
            return True
        return version.status in MAY_GO_LIVE and (self.submission is None or version.submission < self.submission)


async def write_metadata(ledger: Ledger, keyring: KeyRing, clock: Clock, change: Change) -> str:
    """Apply the wish to each version it concerns, to the fields that one has now.

    Returns the id of the workflow that tells the index, dispatched with it; "" if nothing changed or none is to.
    Raises DocumentConflict if another version went live, or the document went out of the caller's reach, meanwhile;
    SubjectSuppressed if the wish names somebody who was erased.
    """
    live = change.live
    digest_key = await keyring.secret(live.tenant_id, SecretPurpose.DIGEST)
    suppression_key = await keyring.secret(live.tenant_id, SecretPurpose.SUPPRESSION)
    for _ in range(MAX_LOOKS):
        async with ledger.read() as uow:
            seen = [version.id for version in await uow.versions.of_document(live.tenant_id, live.document_id)]
        keys = await keyring.get_many(live.tenant_id, seen)
        async with ledger.write() as uow:
            await uow.tenants.lock(live.tenant_id)
            await _refuse_if_stale(uow, change)
            await refuse_suppressed(uow, suppression_key, live.tenant_id, _said(change.wish))
            concerned = [
                v for v in await uow.versions.of_document(live.tenant_id, live.document_id) if change.concerns(v)
            ]
            if all(version.id in seen for version in concerned):
                if change.linked_by:
                    await uow.subjects.share(live.tenant_id, change.linked_by, [each.id for each in concerned])
                opened = [(version, keys[version.id]) for version in concerned if version.id in keys]
                return await _apply(uow, change, opened, digest_key, clock.now())
        # An upload was planned between the look and the lock: its key is needed too.
    raise DocumentConflict(CHANGED_MEANWHILE)


def _said(wish: UploadRequest | MetadataPatch) -> list[str]:
    return [wish.title or "", *(str(value) for value in (wish.metadata or {}).values())]


async def _refuse_if_stale(uow: UnitOfWork, change: Change) -> None:
    live = change.live
    document = await uow.documents.get(live.tenant_id, live.document_id)
    if document is None or document.live_version_id != live.id or document.deleted_at is not None:
        raise DocumentConflict(CHANGED_MEANWHILE)
    by = await uow.versions.get(live.tenant_id, change.linked_by) if change.linked_by else None
    if by is not None and by.epoch != document.epoch:
        # A fence was raised since it was received: whom it names may be whom the fence hides.
        raise DocumentConflict(CHANGED_MEANWHILE)
    if not await reachable(uow, change.caller, [live.document_id]):
        raise DocumentConflict(CHANGED_MEANWHILE)


async def _apply(
    uow: UnitOfWork, change: Change, opened: Sequence[tuple[Version, bytes]], digest_key: bytes, at: datetime
) -> str:
    tenant_id, document_id = change.live.tenant_id, change.live.document_id
    wished = [(version, key, open_fields(key, version).changed_by(change.wish)) for version, key in opened]
    changed = [each for each in wished if each[2].fingerprint(digest_key) != each[0].meta_fp]
    if not changed:
        return ""
    seq = await uow.tenants.advance(tenant_id)
    for version, key, fields in changed:
        sealed = sealed_into(version, key, fields, digest_key, at)
        await uow.versions.update(replace(sealed, changed_seq=seq))
        if version.id == change.live.id:
            await uow.documents.set_readers(tenant_id, document_id, fields.readers)
    document = await uow.documents.get(tenant_id, document_id)
    if document is not None:
        await uow.documents.update(replace(document, updated_at=at))
    if not change.dispatches:
        return ""
    workflow_id = dispatch_id(DispatchKind.APPLY_METADATA, tenant_id, new_id())
    await uow.dispatches.add(Dispatch(tenant_id, workflow_id, DispatchKind.APPLY_METADATA, document_id, at))
    return workflow_id
