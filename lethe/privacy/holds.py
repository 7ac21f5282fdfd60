"""What a legal hold keeps from every removal that is not the held erasure itself."""

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from typing import Final

from lethe.model.documents import Document
from lethe.model.erasures import ErasureItem, ErasureRequest, ErasureState
from lethe.model.ids import Id
from lethe.model.personal_data import ItemKind
from lethe.model.retention import Holds
from lethe.ports.ledger import PageCursor, UnitOfWork
from lethe.privacy.erasure.fencing import linked_documents

_PAGE: Final = 500


async def holds_in(uow: UnitOfWork, tenant_id: Id) -> Holds:
    """What the tenant's held erasures would erase: what they found so far, and documents linked to the person."""
    documents, others = set[Id](), set[Id]()
    async for request in _held(uow, tenant_id):
        documents.update(await _linked(uow, request))
        versions = set[Id]()
        async for item in _items(uow, request):
            match item.kind:
                case ItemKind.DOCUMENT:
                    documents.add(item.ref)
                case ItemKind.VERSION:
                    versions.add(item.ref)
                case ItemKind.CHUNK | ItemKind.KEY:
                    # Of a version, which its document keeps, or of what is among the others.
                    pass
                case _:
                    others.add(item.ref)
        found = await uow.versions.get_many(tenant_id, versions)
        documents.update(version.document_id for version in found.values())
    return Holds(frozenset(documents), frozenset(others))


def is_deleted(document: Document) -> bool:
    """By somebody, who may end what keeps it. What retention has hidden is still there for a hold."""
    return document.deleted_at is not None and document.expired_by is None


async def kept_of(uow: UnitOfWork, tenant_id: Id, documents: Iterable[Document]) -> frozenset[Id]:
    """Those that a restriction or a hold keeps as they are; none that somebody has deleted by its id."""
    there = [document for document in documents if not is_deleted(document)]
    restricted = {document.id for document in there if document.restricted_at is not None}
    return frozenset(restricted | await _held_of(uow, tenant_id, {document.id for document in there} - restricted))


async def free_to_go(uow: UnitOfWork, tenant_id: Id, documents: Sequence[Document]) -> list[Document]:
    """Those that may be deleted unasked, or together with others: that neither a restriction nor a hold keeps.

    Only who deletes that one document by its id ends a restriction so.
    """
    kept = await kept_of(uow, tenant_id, documents)
    return [document for document in documents if document.id not in kept]


async def _held_of(uow: UnitOfWork, tenant_id: Id, document_ids: Collection[Id]) -> set[Id]:
    """As `holds_in`, asked for these documents only."""
    held = [request async for request in _held(uow, tenant_id)] if document_ids else []
    if not held:
        return set()
    linked = [await _linked(uow, request) for request in held]
    own = await uow.versions.of_documents(tenant_id, document_ids)
    owners = {version.id: each for each, versions in own.items() for version in versions}
    owners |= {each: each for each in document_ids}
    found = await uow.erasures.naming(tenant_id, [request.id for request in held], owners)
    return {owners[each] for each in found}.union(*linked) & set(document_ids)


async def _linked(uow: UnitOfWork, request: ErasureRequest) -> Collection[Id]:
    """Documents linked to whom the request is about."""
    tenant_id = request.tenant_id
    identifiers = await uow.erasures.identifiers(tenant_id, request.id)
    named = await uow.subjects.by_blinds(tenant_id, {(each.kind.value, each.blind) for each in identifiers})
    known = frozenset(await uow.erasures.subjects(tenant_id, request.id))
    return await linked_documents(uow, tenant_id, named | known, request.scope)


async def _held(uow: UnitOfWork, tenant_id: Id) -> AsyncIterator[ErasureRequest]:
    after: PageCursor | None = None
    while True:
        page = await uow.erasures.page(tenant_id, [ErasureState.HELD], after, _PAGE)
        for request in page:
            yield request
        if len(page) < _PAGE:
            return
        after = PageCursor(page[-1].created_at, page[-1].id)


async def _items(uow: UnitOfWork, request: ErasureRequest) -> AsyncIterator[ErasureItem]:
    after: tuple[str, str, str] | None = None
    while True:
        page = await uow.erasures.items(request.tenant_id, request.id, after=after, limit=_PAGE)
        for item in page:
            yield item
        if len(page) < _PAGE:
            return
        after = (page[-1].store, page[-1].kind, page[-1].ref)
