"""Taking a person's documents out for good: unreachable first, then out of every store."""

from collections.abc import Sequence
from dataclasses import dataclass

from lethe.ingestion.deletion import mark_all_deleted
from lethe.ingestion.metadata import IN_FLIGHT
from lethe.ingestion.removal import VersionRemover
from lethe.model.documents import Status
from lethe.model.ids import Id
from lethe.ports.clock import Clock


@dataclass(frozen=True, slots=True)
class DocumentErasure:
    """lethe.ports.personal_data.SourceRemover."""

    remover: VersionRemover
    clock: Clock

    async def withdraw(self, tenant_id: Id, document_ids: Sequence[Id], version_ids: Sequence[Id]) -> list[Id]:
        async with self.remover.ledger.write() as uow:
            await uow.tenants.lock(tenant_id)
            found = await uow.documents.get_many(tenant_id, document_ids)
            served = [document for document in found.values() if document.deleted_at is None]
            if served:
                seq = await uow.tenants.advance(tenant_id)
                await mark_all_deleted(uow, tenant_id, served, seq, self.clock.now())
            own = await uow.versions.of_documents(tenant_id, document_ids)
            others = await uow.versions.get_many(tenant_id, version_ids)
        versions = {version.id: version for each in own.values() for version in each} | others
        await self.remover.claim(tenant_id, sorted(versions))
        running = IN_FLIGHT | {Status.FAILED, Status.DELETING}
        return sorted(each.id for each in versions.values() if each.status in running)

    async def remove(self, tenant_id: Id, document_ids: Sequence[Id], version_ids: Sequence[Id]) -> None:
        if document_ids:
            await self.remover.remove_deleted(tenant_id, document_ids, self.clock.now())
        await self.remover.remove_many(tenant_id, version_ids, spares=False)
