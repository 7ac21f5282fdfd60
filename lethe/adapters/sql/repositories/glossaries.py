"""A tenant's glossary."""

from typing import Final

from sqlalchemy import delete, insert

from lethe.adapters.sql.one_hop import short
from lethe.adapters.sql.repositories.base import SqlRepository
from lethe.adapters.sql.rows import Mapped
from lethe.adapters.sql.tables import glossaries
from lethe.model.glossaries import Glossary
from lethe.model.ids import Id

GLOSSARY: Final = Mapped(Glossary, glossaries)
_OF_TENANT: Final = short(GLOSSARY.prepared())


class SqlGlossaries(SqlRepository):
    async def get(self, tenant_id: Id) -> Glossary | None:
        return await GLOSSARY.one(self._connection, _OF_TENANT, tenant_id=tenant_id)

    async def put(self, glossary: Glossary) -> None:
        await self._connection.execute(delete(glossaries).where(glossaries.c.tenant_id == glossary.tenant_id))
        await self._connection.execute(insert(glossaries).values(GLOSSARY.values(glossary)))
