"""Making versions anew of the stored bytes, where what turns bytes into chunks has changed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lethe.model.ids import Id


class ReindexReason(StrEnum):
    """Which part of the pipeline a version was not made by, as it is now."""

    PARSER = "parser"
    CHUNKER = "chunker"
    POLICY = "policy"


class ReindexState(StrEnum):
    RUNNING = "running"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Reindex:
    """One round. ``matched`` documents are affected, by ``parser``, ``chunker`` and ``policy`` (one by several, too);
    they have ``chunks`` of ``tokens`` now, which would cost ``cost_micros`` and take ``seconds`` if no text were known.
    ``begun`` are on their way, ``skipped`` were changed by somebody meanwhile or are restricted, ``failed`` cannot be
    read again. While it runs: so far.
    """

    tenant_id: Id
    id: Id
    state: ReindexState
    dry_run: bool
    reasons: tuple[ReindexReason, ...]
    created_at: datetime
    ended_at: datetime | None = None
    matched: int = 0
    parser: int = 0
    chunker: int = 0
    policy: int = 0
    chunks: int = 0
    tokens: int = 0
    begun: int = 0
    skipped: int = 0
    failed: int = 0
    cost_micros: int = 0
    currency: str = ""
    seconds: float = 0.0
