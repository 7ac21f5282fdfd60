"""What a certificate of an erasure is made of: ids, counts, times and codes, never a word about anybody."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from lethe.model.erasures import ErasureMethod, PurgeState
from lethe.model.ids import Id
from lethe.model.indexes import BuildKind
from lethe.model.personal_data import StoreName


class Claim(StrEnum):
    """How much a certificate says, the weakest first: never more than its weakest store."""

    HELD = "held"
    """Something is kept back, for the reasons among the exclusions."""
    DELETED = "deleted"
    """Nothing can be reached any more; some bytes wait for a date that is named, or for the operator."""
    PURGED = "purged"
    """The bytes are gone, too, in every store of the installation."""


class ExclusionReason(StrEnum):
    """Why something was not erased."""

    LEGAL_HOLD = "legal_hold"
    OBJECT_LOCK = "object_lock"
    SHARED = "shared_document"
    CONFIGURATION = "tenant_configuration"
    UNREAD = "unread_archive"
    OUTSIDE = "outside_processor"
    RELEASED = "released"
    """A reviewer said that it is not about the person."""


@dataclass(frozen=True, slots=True)
class StoreResult:
    """``remaining`` was read back by another way than the items were erased by."""

    store: StoreName
    located: int
    erased: int
    held: int
    remaining: int
    method: ErasureMethod
    purge: PurgeState
    horizon_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CoveredBuild:
    id: Id
    kind: BuildKind


@dataclass(frozen=True, slots=True)
class ProcessorHorizon:
    """Who outside was sent something of the person. ``provider`` is a name of the settings' closed list."""

    provider: str
    calls: int
    horizon_at: datetime | None


@dataclass(frozen=True, slots=True)
class Exclusion:
    store: StoreName
    reason: ExclusionReason
    count: int


@dataclass(frozen=True, slots=True)
class Verification:
    """What a reader of its own, with code of its own, looked for. ``control``: planted and to be found first."""

    build_hash: str
    probes: int
    scans: int
    control_planted: int
    control_found: int
    hits: int


@dataclass(frozen=True, slots=True)
class Tombstones:
    """What must never come back: random ids of versions and keys, and the tags of who is suppressed.

    They go to the witness, not on the certificate.
    """

    version_ids: tuple[Id, ...] = ()
    key_ids: tuple[Id, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """Everything a certificate will say. ``number`` counts certificates of one request: a release yields another.

    ``commitments``: of each identifier, `subject_commitment(nonce, identifier)`; the requester keeps the nonce.
    ``discovered_at``: from when the fence covers names, aliases and typos, too.
    """

    tenant_id: Id
    request_id: Id
    number: int
    commitments: tuple[str, ...]
    accepted_at: datetime
    fenced_at: datetime
    discovered_at: datetime
    deleted_at: datetime
    purged_at: datetime | None
    verified_at: datetime
    stores: tuple[StoreResult, ...]
    builds: tuple[CoveredBuild, ...]
    shared_rewritten: int
    rounds: int
    keys_destroyed: int
    verification: Verification
    processors: tuple[ProcessorHorizon, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    tombstones: Tombstones = field(default_factory=Tombstones)


@dataclass(frozen=True, slots=True)
class Certificate:
    """``text`` is the document, canonical JSON to the last byte."""

    request_id: Id
    number: int
    leaf_index: int
    text: bytes
