"""The source rows, last of all: they are what finds everything else again after a kill."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lethe.model.erasures import ErasureMethod, PurgeState
from lethe.model.ids import Id
from lethe.model.personal_data import Item, ItemKind, Kept, StoreName, Trace
from lethe.ports.ledger import Ledger
from lethe.ports.personal_data import Located, SourceRemover
from lethe.privacy.erasure.stores.base import Deleting, batches, items_of, refs_of

BATCH: Final = 50

SHARED: Final = "shared_document"
"""The code of why a version stays: it says something of others, too, until it is rewritten without the person."""

RESTRICTED: Final = "restricted"
"""The code of why something stays: a restriction, or a hold on another erasure, keeps it until it is released."""

UNRESTRICTED: Final = "unrestricted"
"""Released, or deleted, since a round had to leave it: the next one takes it, if only after the certificate."""

SERVED: Final = "served"
"""The code of why a version waits for the next round: it went live after it was found."""

KEPT: Final = frozenset({SHARED, RESTRICTED, UNRESTRICTED, SERVED})


@dataclass(frozen=True, slots=True)
class DocumentStore(Deleting):
    """Documents, versions, chunks, embeddings, links and identifiers."""

    ledger: Ledger
    remover: SourceRemover
    name = StoreName.DOCUMENTS
    method = ErasureMethod.KEY_DESTROYED

    async def locate(self, tenant_id: Id, trace: Trace) -> Located:
        items = (
            items_of(self.name, ItemKind.VERSION, trace.versions)
            + items_of(self.name, ItemKind.DOCUMENT, trace.documents)
            + (() if trace.shared | trace.restricted else items_of(self.name, ItemKind.SUBJECT, trace.subjects))
        )
        kept = tuple(Kept(item, SHARED) for item in items_of(self.name, ItemKind.VERSION, trace.shared))
        kept += tuple(Kept(item, RESTRICTED) for item in items_of(self.name, ItemKind.VERSION, trace.restricted))
        whole = items_of(self.name, ItemKind.DOCUMENT, trace.restricted_whole)
        kept += tuple(Kept(item, RESTRICTED) for item in whole)
        return Located(items, kept)

    async def erase(self, tenant_id: Id, items: Sequence[Item]) -> None:
        documents = refs_of(items, ItemKind.DOCUMENT)
        with_them = await self._versions_of(tenant_id, documents)
        for some in batches(documents, BATCH):
            await self.remover.remove(tenant_id, some, [])
        alone = [version_id for version_id in refs_of(items, ItemKind.VERSION) if version_id not in with_them]
        for some in batches(alone, BATCH):
            await self.remover.remove(tenant_id, [], some)

    async def _versions_of(self, tenant_id: Id, document_ids: Sequence[Id]) -> set[Id]:
        """Versions that go with their document, because it is deleted."""
        async with self.ledger.read() as uow:
            found = await uow.documents.get_many(tenant_id, document_ids)
            deleted = [document.id for document in found.values() if document.deleted_at is not None]
            own = await uow.versions.of_documents(tenant_id, deleted)
        return {version.id for versions in own.values() for version in versions}

    async def remaining(self, tenant_id: Id, items: Sequence[Item]) -> int:
        async with self.ledger.read() as uow:
            return sum(
                [
                    await uow.personal.count(tenant_id, kind, refs_of(items, kind))
                    for kind in (ItemKind.DOCUMENT, ItemKind.VERSION, ItemKind.SUBJECT)
                ]
            )

    async def purge(self, tenant_id: Id, since: datetime) -> PurgeState:
        return PurgeState.PURGED if await self.ledger.empty_journal() else PurgeState.PENDING
