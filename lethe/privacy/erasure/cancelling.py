"""Giving an erasure up while nothing is destroyed: what its fence hid is shown again, and whom it named may come."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from lethe.errors import ErasureFenced, ErasureNotFound, LedgerConflict
from lethe.model.audit_log import LeafKind
from lethe.model.documents import Document
from lethe.model.erasures import MAY_END, ErasureRequest, ErasureState, ItemState
from lethe.model.ids import Id
from lethe.model.personal_data import ItemKind, StoreName
from lethe.model.retention import Holds
from lethe.ports.clock import Clock
from lethe.ports.keyring import KeyRing, SecretPurpose
from lethe.ports.ledger import Ledger, UnitOfWork
from lethe.privacy.certificates.log import LogEntry, append_leaf, new_leaf
from lethe.privacy.digests import source_digest
from lethe.privacy.erasure.fencing import linked_documents
from lethe.privacy.erasure.stores.documents import UNRESTRICTED
from lethe.privacy.erasure.verifying import resume_unheld
from lethe.privacy.holds import holds_in
from lethe.privacy.readmitting import readmit
from lethe.privacy.sealing import Purpose, unseal_text

MAX_LOOKS: Final = 20
"""How often sources are read again because a round hid something else meanwhile."""


@dataclass(frozen=True, slots=True)
class Cancelling:
    """What was on its way in when the fence was raised is not brought back: it has to be sent again.

    A document whose source has sent another one meanwhile is shown again, and belongs to no source any more.
    """

    ledger: Ledger
    keyring: KeyRing
    clock: Clock

    async def cancel(self, tenant_id: Id, erasure_id: Id) -> ErasureRequest:
        """A repeated one finds it cancelled. Raises ErasureNotFound; ErasureFenced once something may be destroyed.

        Raises LedgerConflict if rounds keep hiding more meanwhile.
        """
        for _ in range(MAX_LOOKS):
            async with self.ledger.read() as uow:
                seen = await hidden_by(uow, tenant_id, erasure_id)
                sources = await self._sources(uow, tenant_id, seen)
            cancelled = await self._cancel_seen(tenant_id, erasure_id, seen, await self._digests(tenant_id, sources))
            if cancelled is not None:
                await self.keyring.destroy(tenant_id, [erasure_id])
                return cancelled
        raise LedgerConflict

    async def _cancel_seen(
        self, tenant_id: Id, erasure_id: Id, seen: Collection[Id], digests: Mapping[Id, str]
    ) -> ErasureRequest | None:
        """None if it hides more by now than was seen: of that the sources are to be told, too."""
        async with self.ledger.write() as uow:
            await uow.tenants.lock(tenant_id)
            request = await uow.erasures.get(tenant_id, erasure_id)
            if request is None:
                raise ErasureNotFound
            if request.state is ErasureState.CANCELLED:
                return request
            if await _may_have_destroyed(uow, request):
                raise ErasureFenced
            if not await hidden_by(uow, tenant_id, erasure_id) <= set(seen):
                return None
            return await self._cancelled(uow, request, digests)

    async def _sources(
        self, uow: UnitOfWork, tenant_id: Id, document_ids: Collection[Id]
    ) -> dict[Id, tuple[Id, bytes]]:
        """Of each document the version that tells its source, and the source, sealed."""
        own = await uow.versions.of_documents(tenant_id, document_ids)
        newest = {each: max(versions, key=lambda one: one.submission) for each, versions in own.items() if versions}
        return {each: (version.id, version.sealed_source_uri) for each, version in newest.items()}

    async def _digests(self, tenant_id: Id, sources: Mapping[Id, tuple[Id, bytes]]) -> dict[Id, str]:
        keys = await self.keyring.get_many(tenant_id, {version_id for version_id, _ in sources.values()})
        secret = await self.keyring.secret(tenant_id, SecretPurpose.DIGEST)
        return {
            document_id: source_digest(secret, unseal_text(keys[version_id], Purpose.SOURCE_URI, sealed))
            for document_id, (version_id, sealed) in sources.items()
            if version_id in keys
        }

    async def _cancelled(self, uow: UnitOfWork, request: ErasureRequest, digests: Mapping[Id, str]) -> ErasureRequest:
        tenant_id, at = request.tenant_id, self.clock.now()
        if request.fenced_at is not None:
            await _show_again(uow, request, digests, at)
            await _lift(uow, request, at)
        cancelled = replace(
            request, state=ErasureState.CANCELLED, held_from=None, hold_reason="", updated_at=at, ended_at=at
        )
        held = await holds_in(uow, tenant_id) if request.state is ErasureState.HELD else Holds()
        await uow.erasures.update(cancelled)
        await uow.erasures.forget(tenant_id, request.id)
        await resume_unheld(uow, tenant_id, held, at)
        # As the last write: the log is one for all.
        number = int(at.timestamp())
        await append_leaf(uow, new_leaf(LogEntry(LeafKind.CANCELLED, tenant_id, request.id, at, number), b""))
        return cancelled


async def _may_have_destroyed(uow: UnitOfWork, request: ErasureRequest) -> bool:
    """Also where the state is one that an erasure has before it destroys: a later round passes through it again."""
    if (request.held_from or request.state) not in MAY_END or request.rounds > 1:
        return True
    if request.erasing_at or request.deleted_at or request.certified_at:
        return True
    return bool(await uow.erasures.items(request.tenant_id, request.id, states=[ItemState.ERASED], limit=1))


async def hidden_by(uow: UnitOfWork, tenant_id: Id, erasure_id: Id) -> set[Id]:
    """Documents that the request hides: those of nobody else it is linked to, and what it found to go as a whole."""
    request = await uow.erasures.get(tenant_id, erasure_id)
    if request is None or request.fenced_at is None:
        return set()
    subjects = await uow.erasures.subjects(tenant_id, erasure_id)
    linked = await linked_documents(uow, tenant_id, subjects, request.scope)
    found = await uow.erasures.refs(
        tenant_id, erasure_id, StoreName.DOCUMENTS.value, ItemKind.DOCUMENT.value, ItemState.PLANNED
    )
    freed = await uow.erasures.held(tenant_id, erasure_id, UNRESTRICTED)
    found_since = {each.ref for each in freed if each.kind == ItemKind.DOCUMENT}
    return {each for each, is_alone in linked.items() if is_alone} | set(found) | found_since


async def _others(uow: UnitOfWork, request: ErasureRequest) -> list[ErasureRequest]:
    """Whose fence stands as well."""
    unfinished = await uow.erasures.unfinished(request.tenant_id)
    return [each for each in unfinished if each.id != request.id and each.fenced_at is not None]


async def _show_again(uow: UnitOfWork, request: ErasureRequest, digests: Mapping[Id, str], at: datetime) -> None:
    """All that no other fence hides."""
    tenant_id = request.tenant_id
    hidden = await hidden_by(uow, tenant_id, request.id)
    for other in await _others(uow, request):
        hidden -= await hidden_by(uow, tenant_id, other.id)
    found = await uow.documents.get_many(tenant_id, hidden)
    documents = [each for each in found.values() if each.deleted_at is None and each.fenced_at is not None]
    await uow.tenants.advance(tenant_id)
    owners = await _owners(uow, documents, digests)
    await uow.documents.update_many(
        [
            replace(each, epoch=each.epoch + 1, fenced_at=None, source_hmac=owners.get(each.id), updated_at=at)
            for each in documents
        ]
    )
    # A build that was filled meanwhile went without them, and without what named the person in documents of others.
    await readmit(uow, tenant_id, {*found, *await uow.artefacts.incomplete(tenant_id)}, at)


async def _owners(uow: UnitOfWork, documents: Sequence[Document], digests: Mapping[Id, str]) -> dict[Id, str]:
    """The digest of its source for the newest document of each, where no other document has it."""
    newest = {
        digests[each.id]: each
        for each in sorted(documents, key=lambda one: (one.created_at, one.id))
        if each.id in digests
    }
    return {
        each.id: digest
        for digest, each in newest.items()
        if await uow.documents.by_source(each.tenant_id, digest) is None
    }


async def _lift(uow: UnitOfWork, request: ErasureRequest, at: datetime) -> None:
    """The tags that the fence put; where another fence needs one, it is that one's from now on."""
    tenant_id = request.tenant_id
    tags = {each.tag for each in await uow.erasures.identifiers(tenant_id, request.id) if each.tagged_at}
    for other in await _others(uow, request):
        if other.scope.is_whole:
            theirs = {each.tag for each in await uow.erasures.identifiers(tenant_id, other.id)} & tags
            await uow.erasures.set_tagged(tenant_id, other.id, theirs, at)
            tags -= theirs
    await uow.suppressions.lift(tenant_id, tags)
