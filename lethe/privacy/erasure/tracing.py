"""From what was found to what goes: whole documents, single versions, and those that say something of others too."""

from collections.abc import Collection
from dataclasses import dataclass

from lethe.model.documents import Document, Status, Version
from lethe.model.erasures import ErasureScope
from lethe.model.ids import Id
from lethe.model.personal_data import Leads, Trace, Wanted
from lethe.ports.ledger import Ledger, UnitOfWork
from lethe.privacy.holds import kept_of


@dataclass(frozen=True, slots=True)
class Tracing:
    """Decides, version by version, by what the ledger says is served now."""

    ledger: Ledger

    async def trace(
        self,
        tenant_id: Id,
        wanted: Wanted,
        leads: Leads,
        scope: ErasureScope,
        once_kept: Collection[Id] = (),
    ) -> Trace:
        """What the stores are to name their items by.

        ``once_kept``: versions that stayed in an earlier round, for others' sake or because they were restricted. One
        that is replaced or deleted by now goes, also if its rows went with that: answers may still quote it.
        """
        async with self.ledger.read() as uow:
            found = await uow.versions.get_many(tenant_id, leads.versions | leads.mentions | leads.unsure)
            documents = await uow.documents.get_many(tenant_id, {version.document_id for version in found.values()})
            in_scope = await _in_scope(uow, tenant_id, scope, documents)
            kept = {each for each in in_scope if documents[each].restricted_at is not None}
            restricted = {each.id for each in found.values() if each.document_id in kept}
            own = await uow.versions.of_documents(tenant_id, in_scope)
            whole, versions, shared, unsure = set[Id](), set[Id](), set[Id](), set[Id]()
            for document_id in in_scope:
                if document_id in kept:
                    continue
                is_deleted = documents[document_id].deleted_at is not None
                live = None if is_deleted else documents[document_id].live_version_id
                named = {each.id for each in own[document_id]} & set(found)
                unsure |= named & leads.unsure - leads.versions - leads.mentions
                named -= unsure
                if _goes_whole(live, own[document_id], named & leads.versions, leads):
                    whole.add(document_id)
                    versions |= {each.id for each in own[document_id]}
                else:
                    # Nobody reads what was replaced, failed or was withdrawn; what is served, or on its way to it, is
                    # somebody else's, too.
                    stays = {
                        each
                        for each in named & leads.mentions
                        if each == live or _is_coming(found[each], documents[document_id])
                    }
                    shared |= stays
                    versions |= named - stays
            versions |= await _replaced(uow, tenant_id, set(once_kept) - shared)
            held = await _held(uow, tenant_id, whole, versions)
            kept_whole = whole & set(held.values())
            kept_whole |= {
                each
                for each in kept
                if _goes_whole(documents[each].live_version_id, own[each], _named(own[each], leads), leads)
            }
            whole -= kept_whole
            versions -= held.keys()
            restricted |= held.keys()
            questions = await uow.personal.questions_about(tenant_id, whole, versions)
        asked = leads.questions if scope.is_whole else frozenset[Id]()
        return Trace(
            wanted=wanted,
            subjects=leads.subjects if scope.is_whole else frozenset(),
            documents=frozenset(whole),
            versions=frozenset(versions),
            questions=asked | frozenset(questions),
            shared=frozenset(shared),
            restricted=frozenset(restricted - leads.unsure),
            restricted_whole=frozenset(kept_whole),
            unsure=frozenset(unsure),
            rows=leads.rows if scope.is_whole else frozenset(),
        )


def _is_coming(version: Version, document: Document) -> bool:
    has_ended = version.live_from is not None or version.status in {Status.FAILED, Status.DELETING}
    return not has_ended and version.epoch == document.epoch


def _named(own: Collection[Version], leads: Leads) -> set[Id]:
    """Those that are about the person alone."""
    return {version.id for version in own} & leads.versions


def _goes_whole(live: Id | None, own: Collection[Version], alone: Collection[Id], leads: Leads) -> bool:
    """Whether what is served is about the person alone; where nothing is, whether all of it is."""
    if live is not None:
        return live in alone
    return bool(own) and all(version.id in alone for version in own) and not leads.mentions & {v.id for v in own}


async def _replaced(uow: UnitOfWork, tenant_id: Id, version_ids: Collection[Id]) -> set[Id]:
    """Those that are neither served nor must be kept: a changed one may say nothing of the person any more."""
    found = await uow.versions.get_many(tenant_id, version_ids)
    documents = await uow.documents.get_many(tenant_id, {version.document_id for version in found.values()})
    served = {each.live_version_id for each in documents.values() if each.deleted_at is None}
    return {
        each
        for each in set(version_ids) - served
        if each not in found or documents[found[each].document_id].restricted_at is None
    }


async def _held(uow: UnitOfWork, tenant_id: Id, whole: Collection[Id], version_ids: Collection[Id]) -> dict[Id, Id]:
    """Versions that a hold on another erasure keeps, each with its document. Who is served none of it, stays so."""
    found = await uow.versions.get_many(tenant_id, version_ids)
    named = {*whole, *(each.document_id for each in found.values())}
    kept = await kept_of(uow, tenant_id, (await uow.documents.get_many(tenant_id, named)).values())
    return {each.id: each.document_id for each in found.values() if each.document_id in kept}


async def _in_scope(uow: UnitOfWork, tenant_id: Id, scope: ErasureScope, document_ids: Collection[Id]) -> list[Id]:
    if scope.is_whole:
        return sorted(document_ids)
    below = await uow.personal.documents_below(tenant_id, document_ids, scope.prefix_hmacs)
    return sorted(set(document_ids) & {*scope.document_ids, *below})
