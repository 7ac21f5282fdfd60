"""The log of erasures and its cosigned checkpoints."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from lethe.model.audit_log import LeafKind, LogCheckpoint, LogLeaf
from lethe.model.ids import Id


class AuditLogRepository(Protocol):
    """Origin-wide, not per tenant. Rows are added, never changed."""

    async def lock(self) -> None:
        """Nobody else appends until this unit ends. The last lock a unit takes."""
        ...

    async def installation_id(self) -> Id:
        """Of the stamp of the ledger: what the log is named after."""
        ...

    async def size(self) -> int: ...

    async def find(self, kind: LeafKind, tenant_id: Id, ref: Id, number: int) -> LogLeaf | None: ...

    async def nodes(self, nodes: Collection[tuple[int, int]]) -> Mapping[tuple[int, int], bytes]:
        """The hashes of nodes of the tree, by (level, number); those that are not complete yet are absent."""
        ...

    async def leaf_hashes(self, begin: int, limit: int) -> Sequence[bytes]:
        """From leaf ``begin`` on."""
        ...

    async def add(self, leaf: LogLeaf) -> None: ...

    async def add_checkpoint(self, checkpoint: LogCheckpoint) -> None:
        """Once per size; a second one of the same size is not kept."""
        ...

    async def newest_checkpoint(self) -> LogCheckpoint | None: ...

    async def checkpoint_over(self, leaf_index: int) -> LogCheckpoint | None:
        """The smallest that covers the leaf."""
        ...
