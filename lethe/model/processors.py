"""Outside processors: who was sent what of whom, and when."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lethe.model.ids import Id


class Operation(StrEnum):
    """What a processor was asked to do."""

    EMBED = "embed"
    RERANK = "rerank"
    GENERATE = "generate"


@dataclass(frozen=True, slots=True)
class Processor:
    """A provider's service, as the settings name it. ``region`` is where it processes, as agreed with it."""

    provider: str
    region: str
    model: str
    operation: Operation


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """From then on only the ``allowed`` providers may be sent the tenant's texts; None: every configured one.

    ``principal_id`` is who said so.
    """

    tenant_id: Id
    id: Id
    principal_id: Id
    allowed: tuple[str, ...] | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Origin:
    """On whose behalf a text is sent outside, and what it is of: the ids of documents or of a question."""

    tenant_id: Id
    refs: frozenset[Id]


SENT = "sent"
ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class ProcessorCall:
    """One call. ``status``: `sent` (by now or never answered), `answered`, or the code of its failure."""

    tenant_id: Id
    id: Id
    provider: str
    region: str
    model: str
    operation: Operation
    inputs: int
    tokens: int
    status: str
    created_at: datetime
    finished_at: datetime | None = None
