"""Quarantines: what nobody may read for now, without anything being removed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lethe.model.ids import Id


class QuarantineKind(StrEnum):
    """What a quarantine covers, documents that come later included."""

    DOCUMENT = "document"
    SOURCE_PREFIX = "source_prefix"
    INGESTION = "ingestion"


@dataclass(frozen=True, slots=True)
class Quarantine:
    """``target``: the document's or ingestion's id, or the keyed digest of the source prefix.

    ``sealed_prefix`` opens with the data key of the quarantine's own id; it is empty where there is no prefix, and
    once the quarantine is lifted.
    """

    tenant_id: Id
    id: Id
    kind: QuarantineKind
    target: str
    reason: str
    principal_id: Id
    sealed_prefix: bytes
    created_at: datetime
    lifted_at: datetime | None = None
