"""Texts that embedding models refused for good."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from lethe.model.documents import EmbeddingRefusals
from lethe.model.ids import Id


class RefusalRepository(Protocol):
    async def add(self, tenant_id: Id, spec: str, chunk_ids: Collection[Id], code: str, at: datetime) -> None:
        """Those of the chunks that have rows are not sent to the spec's model again; a repeat changes nothing."""
        ...

    async def forget(self, tenant_id: Id, spec: str) -> None:
        """Let them be sent once more."""
        ...

    async def among(self, tenant_id: Id, spec: str, chunk_ids: Collection[Id]) -> frozenset[Id]:
        """Those of the chunks whose texts were refused, of what questions may find now."""
        ...

    async def forget_some(self, tenant_id: Id, spec: str, chunk_ids: Collection[Id]) -> None:
        """As `forget`, for these chunks."""
        ...

    async def told(self, tenant_id: Id, spec: str, limit: int) -> EmbeddingRefusals:
        """Of what questions may find now; at most ``limit`` documents."""
        ...
