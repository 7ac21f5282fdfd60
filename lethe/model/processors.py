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
    REWRITE = "rewrite"


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
    """On whose behalf a text is sent outside, and what it is of: the ids of documents or of a question, and that of the
    index build it was sent for.

    ``principal_id``: who asked for it, None where nobody in particular did.
    """

    tenant_id: Id
    refs: frozenset[Id]
    principal_id: Id | None = None


SENT = "sent"
ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class ProcessorCall:
    """One call. ``status``: `sent` (by now or never answered), `answered`, or the code of its failure.

    ``tokens`` went in, ``tokens_out`` came back. ``is_estimated``: nobody counted, as while it is not answered; what
    it cost, in millionths of the currency, is the most it can be then.
    """

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
    principal_id: Id | None = None
    tokens_out: int = 0
    cost_micros: int = 0
    currency: str = "USD"
    is_estimated: bool = False


@dataclass(frozen=True, slots=True)
class Spent:
    """What a call took, once it is known."""

    tokens: int = 0
    tokens_out: int = 0
    cost_micros: int = 0
    is_estimated: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    """What a principal (None: nobody in particular) had a provider's model do in a time, and what it cost."""

    principal_id: Id | None
    operation: Operation
    provider: str
    model: str
    currency: str
    calls: int
    tokens: int
    tokens_out: int
    cost_micros: int
