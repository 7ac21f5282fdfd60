"""Versions that were erased and are there again, because an older copy of the ledger was put back."""

from collections.abc import Sequence
from dataclasses import dataclass

from lethe.ingestion.erasing import DocumentErasure
from lethe.model.ids import Id


@dataclass(frozen=True, slots=True)
class TombstonedVersions:
    erasure: DocumentErasure

    async def remove(self, tenant_id: Id, version_ids: Sequence[Id]) -> None:
        """Take them out of every store. A document whose version among them is served goes whole: the copy is older
        than the version that replaced it, and the rest of its text cannot be told from the person's here.
        """
        remover = self.erasure.remover
        async with remover.ledger.read() as uow:
            versions = await uow.versions.get_many(tenant_id, version_ids)
            documents = await uow.documents.get_many(tenant_id, {each.document_id for each in versions.values()})
        served = sorted(each.id for each in documents.values() if each.live_version_id in versions)
        await self.erasure.withdraw(tenant_id, served, sorted(versions))
        for document_id in served:
            await remover.forget_answers(tenant_id, document_id)
        await self.erasure.remove(tenant_id, served, sorted(versions))
