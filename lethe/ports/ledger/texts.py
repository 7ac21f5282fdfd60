"""Reading every text of a tenant, place by place, in pages."""

from typing import Protocol

from lethe.model.documents import Version
from lethe.model.ids import Id
from lethe.model.texts import SealedText, TextPlace


class TextRepository(Protocol):
    async def versions_after(self, tenant_id: Id, after: Id | None, limit: int) -> list[Version]:
        """Versions with a greater id, whatever their state, in order of their ids."""
        ...

    async def places(self, tenant_id: Id) -> frozenset[TextPlace]:
        """Those other than VERSION that hold any text now, in one look."""
        ...

    async def after(self, tenant_id: Id, place: TextPlace, after: Id | None, limit: int) -> list[SealedText]:
        """Texts of a place other than VERSION whose row has a greater id, in order of these ids; empty ones are left
        out. All texts of one row are on one page, which may be longer than ``limit`` for it.
        """
        ...
