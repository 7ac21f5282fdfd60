"""A tenant's glossary."""

from typing import Protocol

from lethe.model.glossaries import Glossary
from lethe.model.ids import Id


class GlossaryRepository(Protocol):
    async def get(self, tenant_id: Id) -> Glossary | None: ...

    async def put(self, glossary: Glossary) -> None:
        """Make it the tenant's, in place of the one before."""
        ...
