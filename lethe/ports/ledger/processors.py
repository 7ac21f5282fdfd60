"""What outside processors were sent."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from lethe.model.ids import Id
from lethe.model.processors import ProcessorCall


class ProcessorCallRepository(Protocol):
    async def add(self, call: ProcessorCall, refs: Collection[Id]) -> None:
        """Insert a call and what it was about."""
        ...

    async def finish(self, tenant_id: Id, call_id: Id, status: str, tokens: int, at: datetime) -> None: ...

    async def about(self, tenant_id: Id, ref: Id) -> list[ProcessorCall]:
        """Every kept call that sent something of a document or question, oldest first."""
        ...

    async def expire(self, created_before: datetime, limit: int) -> int:
        """Remove at most ``limit`` calls of any tenant made before then; returns how many."""
        ...
