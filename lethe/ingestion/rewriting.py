"""Documents that say something of others, too: written anew without the person, and brought in as a new version.

The version of before is served until the new one is, so that nobody sees a gap; then it is one that was replaced, and
the next round of the erasure takes it out.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from lethe.contracts.erasure import ErasureRound, Rewritten
from lethe.errors import DocumentConflict, LetheError
from lethe.ingestion.elements import from_json
from lethe.ingestion.metadata import IN_FLIGHT, Fields, open_fields
from lethe.ingestion.requests import UploadRequest
from lethe.ingestion.steps.pipeline import is_wanted
from lethe.ingestion.uploads import Uploads
from lethe.model.blobs import BlobName, blob_key
from lethe.model.documents import Document, Version
from lethe.model.erasures import ErasureItem, ErasureState, ItemState
from lethe.model.indexes import NIL_ID
from lethe.model.personal_data import ItemKind, StoreName
from lethe.model.principals import Caller, Role
from lethe.ports.parsing import Element, ElementKind, ParsedDocument
from lethe.privacy.discovery.person import Person
from lethe.privacy.discovery.redaction import Redactor
from lethe.privacy.erasure.discovery import Discovery, get_request
from lethe.privacy.erasure.manifest import Manifest, as_item
from lethe.privacy.erasure.stores.documents import RESTRICTED, SHARED
from lethe.privacy.sealing import Purpose, unseal_stream

_FILENAME: Final = "rewritten.md"
_MEDIA_TYPE: Final = "text/markdown"

ROUNDS: Final = 3
"""A text in which the person is still found after as many rewritings stays held, for somebody to look at."""


@dataclass(frozen=True, slots=True)
class Rewriting:
    """Begins what was not begun, and says what is still on its way. May be repeated."""

    discovery: Discovery
    uploads: Uploads

    async def rewrite(self, now: ErasureRound) -> Rewritten:
        """Documents of the manifest that stay for others' sake. What cannot be rewritten is held, with the code."""
        async with self.uploads.ledger.read() as uow:
            request = await get_request(uow, now)
        if request.state is ErasureState.HELD:
            return Rewritten(is_held=True)
        if now.round - request.rounds_before > ROUNDS:
            return Rewritten()
        wanted = await self.discovery.wanted(now.tenant_id, request)
        redactor = Redactor(Person.of(wanted.identifiers))
        manifest = Manifest(self.uploads.ledger, now.tenant_id, now.erasure_id)
        waiting = 0
        async for page in manifest.pages(StoreName.DOCUMENTS, [ItemState.HELD]):
            for item in page:
                if item.code == SHARED and item.kind == ItemKind.VERSION:
                    try:
                        waiting += await self._rewrite(now, item, redactor)
                    except DocumentConflict:
                        # Somebody changed it meanwhile: what they wrote is rewritten next.
                        waiting += 1
                    except LetheError as error:
                        if error.retryable():
                            raise
                        if await self._is_restricted(item):
                            continue
                        held = (as_item(item), ItemState.HELD, error.code)
                        await manifest.put([held], now.round, self.uploads.clock.now())
        return Rewritten(waiting=waiting)

    async def _rewrite(self, now: ErasureRound, item: ErasureItem, redactor: Redactor) -> bool:
        """Whether it, or a later version of its document, is on its way.

        One of the round's own that has failed is not begun again in the same round. A later one of somebody else's
        that has failed, or was withdrawn, replaces nothing.
        """
        tenant_id = now.tenant_id
        async with self.uploads.ledger.read() as uow:
            version = await uow.versions.get(tenant_id, item.ref)
            document = await uow.documents.get(tenant_id, version.document_id) if version else None
            siblings = await uow.versions.of_document(tenant_id, version.document_id) if version else []
        if version is None or document is None or document.fenced_at is not None:
            # A fenced one goes as a whole, for the sake of somebody else.
            return False
        if document.restricted_at is not None and await self._is_restricted(item):
            return False
        if document.live_version_id != version.id:
            return version.status in IN_FLIGHT and is_wanted(document, version)
        coming = [each for each in siblings if each.submission > version.submission and each.status in IN_FLIGHT]
        if coming:
            await self._share_links(version, coming)
            return True
        if item.round > now.round:
            return False
        begun = await self._begin(document, version, redactor)
        if begun is not None:
            await self._share_links(version, [begun])
        # The next time is in the round after.
        await self._put(replace(item, round=now.round + 1))
        return begun is not None and begun.status in IN_FLIGHT

    async def _is_restricted(self, item: ErasureItem) -> bool:
        """Whether that came while it was written anew: then it waits for the release."""
        async with self.uploads.ledger.write() as uow:
            await uow.tenants.lock(item.tenant_id)
            version = await uow.versions.get(item.tenant_id, item.ref)
            document = await uow.documents.get(item.tenant_id, version.document_id) if version else None
            if document is None or document.restricted_at is None:
                return False
            at = self.uploads.clock.now()
            await uow.erasures.put_items([replace(item, code=RESTRICTED, updated_at=at)])
            return True

    async def _share_links(self, version: Version, later: Sequence[Version]) -> None:
        """Everybody else's. Nobody whom another request is to forget either: its rewriting may be the one that runs."""
        tenant_id = version.tenant_id
        async with self.uploads.ledger.write() as uow:
            await uow.tenants.lock(tenant_id)
            open_ = await uow.erasures.unfinished(tenant_id)
            going = {each for request in open_ for each in await uow.erasures.subjects(tenant_id, request.id)}
            for each in later:
                await uow.personal.share_links(tenant_id, version.id, each.id, going)

    async def _put(self, item: ErasureItem) -> None:
        async with self.uploads.ledger.write() as uow:
            await uow.erasures.put_items([replace(item, updated_at=self.uploads.clock.now())])

    async def _begin(self, document: Document, version: Version, redactor: Redactor) -> Version | None:
        """None where the person is named by what makes it this document: its address, or a field that is no text."""
        key = await self.uploads.keyring.get(version.tenant_id, version.id)
        sealed = self.uploads.blobs.read(blob_key(version.tenant_id, version.id, BlobName.ELEMENTS))
        data = b"".join([piece async for piece in unseal_stream(key, Purpose.ELEMENTS, sealed)])
        given = open_fields(key, version)
        fixed = [given.source_uri, *(repr(value) for value in given.metadata.values() if not isinstance(value, str))]
        if redactor.redact(fixed) != fixed:
            return None
        parsed, fields = _without(redactor, from_json(data), given)
        request = UploadRequest(
            source_uri=fields.source_uri,
            title=fields.title if version.title_given else None,
            metadata=fields.metadata,
            filename=_FILENAME,
            media_type=_MEDIA_TYPE,
            purpose=document.purpose,
            legal_basis=document.legal_basis,
            is_renewal=False,
        )
        caller = Caller(version.tenant_id, NIL_ID, Role.ADMIN, frozenset(version.readers))
        receipt = await self.uploads.receive(caller, request, _once(markdown(parsed).encode()))
        async with self.uploads.ledger.read() as uow:
            made = await uow.versions.get(version.tenant_id, receipt.version_id)
        return made or replace(version, id=receipt.version_id, status=receipt.status)


def markdown(document: ParsedDocument) -> str:
    """The elements as a text that parses to the same ones again."""
    parts = [_block(element) for element in document.elements if element.text.strip()]
    return "\n\n".join(parts) + "\n"


def _block(element: Element) -> str:
    match element.kind:
        case ElementKind.TITLE:
            return f"{'#' * max(1, min(6, element.level))} {' '.join(element.text.split())}"
        case ElementKind.LIST_ITEM:
            return f"- {element.text}"
        case ElementKind.CODE:
            return f"```\n{element.text}\n```"
        case _:
            return element.text


def _without(redactor: Redactor, document: ParsedDocument, fields: Fields) -> tuple[ParsedDocument, Fields]:
    """Text, title and metadata as one document, so that what one says of the person counts in the others."""
    named = [name for name, value in fields.metadata.items() if isinstance(value, str)]
    texts = [element.text for element in document.elements]
    said = [fields.title or "", document.title, *(str(fields.metadata[name]) for name in named)]
    clear = redactor.redact([*texts, *said], is_linked=True)
    title, own_title, *values = clear[len(texts) :]
    elements = tuple(
        replace(element, text=text) for element, text in zip(document.elements, clear[: len(texts)], strict=True)
    )
    metadata = {**fields.metadata, **dict(zip(named, values, strict=True))}
    return ParsedDocument(elements, own_title), replace(fields, title=title or None, metadata=metadata)


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
