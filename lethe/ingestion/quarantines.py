"""Hiding documents from every reader at once, and showing them again: nothing is removed (P6: the gate asks SQL)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from lethe.errors import DocumentNotFound, IngestionNotFound, QuarantineNotFound
from lethe.model.ids import Id, new_id
from lethe.model.principals import Caller
from lethe.model.quarantines import Quarantine, QuarantineKind
from lethe.ports.clock import Clock
from lethe.ports.keyring import KeyRing, SecretPurpose
from lethe.ports.ledger import Ledger, PageCursor
from lethe.privacy.digests import prefix_digest, prefix_digests
from lethe.privacy.erasure.needles import standing_needles
from lethe.privacy.readmitting import readmit
from lethe.privacy.sealing import Purpose, seal_text, unseal_text

BACKFILL_PAGE = 200


@dataclass(frozen=True, slots=True)
class QuarantineView:
    """A quarantine as an admin sees it. ``documents``: how many it hides now."""

    id: Id
    kind: QuarantineKind
    document_id: Id | None
    source_prefix: str | None
    ingestion_id: Id | None
    reason: str
    documents: int
    created_at: datetime
    lifted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Quarantines:
    """The quarantines of the caller's tenant, which must be an admin of it."""

    ledger: Ledger
    keyring: KeyRing
    clock: Clock

    async def hide_document(
        self, caller: Caller, document_id: Id, reason: str, quarantine_id: Id | None = None
    ) -> QuarantineView:
        """Hide one document, whatever version of it comes. Raises DocumentNotFound."""
        ordered = self._ordered(caller, QuarantineKind.DOCUMENT, document_id, reason, quarantine_id)
        return await self._commit(ordered, "")

    async def hide_ingestion(
        self, caller: Caller, ingestion_id: Id, reason: str, quarantine_id: Id | None = None
    ) -> QuarantineView:
        """Hide every document with a version of the ingestion, also those it still brings. Raises IngestionNotFound."""
        ordered = self._ordered(caller, QuarantineKind.INGESTION, ingestion_id, reason, quarantine_id)
        return await self._commit(ordered, "")

    async def hide_sources(
        self, caller: Caller, prefix: str, reason: str, quarantine_id: Id | None = None
    ) -> QuarantineView:
        """Hide every document whose source is the prefix or below it, also those that come later.

        Raises InvalidRequest for a prefix of more levels than are kept.
        """
        tenant_id = caller.tenant_id
        target = prefix_digest(await self.keyring.secret(tenant_id, SecretPurpose.DIGEST), prefix)
        ordered = self._ordered(caller, QuarantineKind.SOURCE_PREFIX, target, reason, quarantine_id)
        key = await self.keyring.create(tenant_id, ordered.id)
        # Its key is kept whatever happens: a unit whose answer is lost may have been committed.
        return await self._commit(replace(ordered, sealed_prefix=seal_text(key, Purpose.PREFIX, prefix)), prefix)

    async def lift(self, caller: Caller, quarantine_id: Id) -> QuarantineView:
        """End a quarantine: what no other one covers can be read again. Raises QuarantineNotFound."""
        tenant_id = caller.tenant_id
        async with self.ledger.write() as uow:
            await uow.tenants.lock(tenant_id)
            if await uow.quarantines.get(tenant_id, quarantine_id) is None:
                raise QuarantineNotFound
            shown, now = await uow.quarantines.hiding(tenant_id, quarantine_id), self.clock.now()
            if await uow.quarantines.lift(tenant_id, quarantine_id, now):
                await readmit(uow, tenant_id, shown, now)
        await self.keyring.destroy(tenant_id, [quarantine_id])
        return await self.get(caller, quarantine_id)

    async def get(self, caller: Caller, quarantine_id: Id) -> QuarantineView:
        """Raises QuarantineNotFound."""
        found = await self.find(caller, quarantine_id)
        if found is None:
            raise QuarantineNotFound
        return found

    async def find(self, caller: Caller, quarantine_id: Id) -> QuarantineView | None:
        """One that may not have been ordered."""
        async with self.ledger.read() as uow:
            found = await uow.quarantines.get(caller.tenant_id, quarantine_id)
        return None if found is None else (await self._views(caller.tenant_id, [found]))[0]

    async def page(
        self, caller: Caller, after: PageCursor | None, limit: int, *, in_force: bool
    ) -> list[QuarantineView]:
        """Newest first."""
        async with self.ledger.read() as uow:
            found = await uow.quarantines.page(caller.tenant_id, after, limit, in_force=in_force)
        return await self._views(caller.tenant_id, found)

    def _ordered(
        self, caller: Caller, kind: QuarantineKind, target: str, reason: str, quarantine_id: Id | None
    ) -> Quarantine:
        ordered_id, now = quarantine_id or new_id(), self.clock.now()
        return Quarantine(caller.tenant_id, ordered_id, kind, target, reason, caller.principal_id, b"", now)

    async def _commit(self, ordered: Quarantine, prefix: str) -> QuarantineView:
        """One commit hides everything: the next gate, whoever asks, sees it."""
        tenant_id = ordered.tenant_id
        async with self.ledger.write() as uow:
            await uow.tenants.lock(tenant_id)
            if ordered.kind is QuarantineKind.DOCUMENT:
                document = await uow.documents.get(tenant_id, ordered.target)
                if document is None or document.deleted_at is not None:
                    raise DocumentNotFound
            if ordered.kind is QuarantineKind.INGESTION and await uow.ingestions.get(tenant_id, ordered.target) is None:
                raise IngestionNotFound
            documents = await uow.quarantines.add(ordered)
            await uow.tenants.advance(tenant_id)
        return _view(ordered, prefix, documents)

    async def _views(self, tenant_id: Id, found: Sequence[Quarantine]) -> list[QuarantineView]:
        async with self.ledger.read() as uow:
            counts = await uow.quarantines.counts(tenant_id, [each.id for each in found])
        keys = await self.keyring.get_many(tenant_id, [each.id for each in found if each.sealed_prefix])
        needles = await standing_needles(self.ledger, self.keyring, tenant_id)
        views = list[QuarantineView]()
        for each in found:
            prefix = unseal_text(keys[each.id], Purpose.PREFIX, each.sealed_prefix) if each.id in keys else ""
            views.append(_view(each, "" if needles.hides(prefix) else prefix, counts.get(each.id, 0)))
        return views


def _view(quarantine: Quarantine, prefix: str, documents: int) -> QuarantineView:
    return QuarantineView(
        id=quarantine.id,
        kind=quarantine.kind,
        document_id=quarantine.target if quarantine.kind is QuarantineKind.DOCUMENT else None,
        source_prefix=prefix or None,
        ingestion_id=quarantine.target if quarantine.kind is QuarantineKind.INGESTION else None,
        reason=quarantine.reason,
        documents=documents,
        created_at=quarantine.created_at,
        lifted_at=quarantine.lifted_at,
    )


async def keep_prefixes(ledger: Ledger, keyring: KeyRing, tenant_id: Id) -> int:
    """Give older documents the beginnings of their sources, and hide those a quarantine covers; returns how many.

    One whose key is gone is on its way out, and left alone.
    """
    kept, after = 0, None
    while True:
        async with ledger.read() as uow:
            documents = await uow.quarantines.without_prefixes(tenant_id, after, BACKFILL_PAGE)
        kept += await _keep_page(ledger, keyring, tenant_id, documents)
        if len(documents) < BACKFILL_PAGE:
            return kept
        after = documents[-1]


async def _keep_page(ledger: Ledger, keyring: KeyRing, tenant_id: Id, documents: Sequence[Id]) -> int:
    digest_key = await keyring.secret(tenant_id, SecretPurpose.DIGEST)
    async with ledger.read() as uow:
        versions = await uow.versions.newest_of(tenant_id, documents)
    keys = await keyring.get_many(tenant_id, [version.id for version in versions.values()])
    begins: dict[Id, tuple[str, ...]] = {}
    for document_id, version in versions.items():
        if version.id in keys:
            uri = unseal_text(keys[version.id], Purpose.SOURCE_URI, version.sealed_source_uri)
            begins[document_id] = prefix_digests(digest_key, uri)
    if not begins:
        return 0
    async with ledger.write() as uow:
        await uow.tenants.lock(tenant_id)
        for document_id, digests in begins.items():
            if await uow.documents.get(tenant_id, document_id) is not None:
                await uow.quarantines.put_prefixes(tenant_id, document_id, digests)
                await uow.quarantines.cover(tenant_id, document_id, None)
    return len(begins)
