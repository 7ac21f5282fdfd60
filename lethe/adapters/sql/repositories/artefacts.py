"""Where the artefacts of versions are."""

from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import and_, select, update

from lethe.adapters.sql.repositories.base import SqlRepository
from lethe.adapters.sql.repositories.chunks import document_of_version, is_served
from lethe.adapters.sql.rows import Mapped, batches, delete_of, insert_missing, one_of
from lethe.adapters.sql.tables import artefacts, documents
from lethe.adapters.sql.tables import document_versions as versions
from lethe.model.ids import Id
from lethe.model.indexes import Artefact, ArtefactState, ArtefactStore

ARTEFACT: Final = Mapped(Artefact, artefacts)


class SqlArtefacts(SqlRepository):
    async def plan(self, artefact: Artefact) -> None:
        await insert_missing(self._connection, artefacts, [ARTEFACT.values(artefact)])

    async def plan_many(self, artefacts: Sequence[Artefact]) -> None:
        await insert_missing(self._connection, ARTEFACT.table, [ARTEFACT.values(artefact) for artefact in artefacts])

    async def set_states(
        self, tenant_id: Id, version_ids: Collection[Id], store: ArtefactStore, build_id: Id, state: ArtefactState
    ) -> None:
        for some in batches(version_ids):
            await self._connection.execute(
                update(artefacts)
                .where(
                    artefacts.c.tenant_id == tenant_id,
                    one_of(artefacts.c.version_id, some),
                    artefacts.c.store == store,
                    artefacts.c.build_id == build_id,
                )
                .values(state=state)
            )

    async def set_state(
        self, tenant_id: Id, version_id: Id, store: ArtefactStore, build_id: Id, state: ArtefactState
    ) -> None:
        await self._connection.execute(
            update(artefacts)
            .where(
                artefacts.c.tenant_id == tenant_id,
                artefacts.c.version_id == version_id,
                artefacts.c.store == store,
                artefacts.c.build_id == build_id,
            )
            .values(state=state)
        )

    async def committed(self, tenant_id: Id, version_ids: Collection[Id], build_id: Id) -> frozenset[Id]:
        found = set[Id]()
        for some in batches(version_ids):
            wanted = select(artefacts.c.version_id).where(
                artefacts.c.tenant_id == tenant_id,
                one_of(artefacts.c.version_id, some),
                artefacts.c.build_id == build_id,
                artefacts.c.state == ArtefactState.COMMITTED,
            )
            found.update((await self._connection.execute(wanted)).scalars())
        return frozenset(found)

    async def incomplete(self, tenant_id: Id) -> list[Id]:
        own = and_(versions.c.tenant_id == artefacts.c.tenant_id, versions.c.id == artefacts.c.version_id)
        wanted = select(versions.c.document_id).distinct().join_from(artefacts, versions, own)
        is_planned = and_(artefacts.c.store == ArtefactStore.VECTOR, artefacts.c.state == ArtefactState.PLANNED)
        found = wanted.join(documents, document_of_version).where(
            artefacts.c.tenant_id == tenant_id, is_planned, is_served()
        )
        return list((await self._connection.execute(found)).scalars())

    async def of_version(self, tenant_id: Id, version_id: Id) -> list[Artefact]:
        wanted = ARTEFACT.of(tenant_id, artefacts.c.version_id == version_id)
        return await ARTEFACT.all(self._connection, wanted.order_by(artefacts.c.store, artefacts.c.build_id))

    async def delete(self, tenant_id: Id, version_id: Id) -> None:
        await self._connection.execute(delete_of(artefacts, tenant_id, artefacts.c.version_id == version_id))

    async def forget_build(self, tenant_id: Id, build_id: Id) -> None:
        await self._connection.execute(delete_of(artefacts, tenant_id, artefacts.c.build_id == build_id))
