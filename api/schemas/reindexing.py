"""Making versions anew, on the wire."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from api.schemas.base import Given, OpaqueId, Taken
from lethe.model.operations import DispatchKind
from lethe.model.reindexing import Reindex, ReindexReason, ReindexState
from lethe.model.workflow_ids import dispatch_id


class ReindexIn(Taken):
    """``dry_run``: count what is affected and what it would cost, make nothing. ``reasons`` null: whatever changed."""

    dry_run: bool = True
    reasons: Annotated[list[ReindexReason], Field(min_length=1, max_length=3)] | None = None


class ReindexOut(Given):
    """A round. ``matched`` documents are affected, by ``parser``, ``chunker``, ``policy``, one perhaps by several.

    They have ``chunks`` of ``tokens`` now; ``cost_micros`` is what these would cost if no text were known, ``seconds``
    how long to embed them would take. ``begun`` are on their way, ``skipped`` were changed meanwhile or are restricted,
    ``failed`` could not be read again. While the round is ``running``: so far.
    """

    id: OpaqueId
    state: ReindexState
    dry_run: bool
    reasons: list[ReindexReason]
    created_at: datetime
    ended_at: datetime | None
    matched: int
    parser: int
    chunker: int
    policy: int
    chunks: int
    tokens: int
    begun: int
    skipped: int
    failed: int
    cost_micros: int
    currency: str
    seconds: float
    workflow_id: str


def reindex_out(reindex: Reindex) -> ReindexOut:
    """A round on the wire."""
    counts = ("matched", "parser", "chunker", "policy", "chunks", "tokens", "begun", "skipped", "failed")
    return ReindexOut(
        id=reindex.id,
        state=reindex.state,
        dry_run=reindex.dry_run,
        reasons=[ReindexReason(reason) for reason in reindex.reasons],
        created_at=reindex.created_at,
        ended_at=reindex.ended_at,
        cost_micros=reindex.cost_micros,
        currency=reindex.currency,
        seconds=reindex.seconds,
        workflow_id=dispatch_id(DispatchKind.REINDEX_TENANT, reindex.tenant_id, reindex.id),
        **{name: getattr(reindex, name) for name in counts},
    )
