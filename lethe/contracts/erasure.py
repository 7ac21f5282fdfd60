"""Inputs and outputs of the workflow that erases one person, and of its activities: opaque ids and counts only."""

from pydantic import Field

from lethe.contracts.base import Contract
from lethe.model.ids import Id


class ErasureRef(Contract):
    """One request; whom it is about is in the ledger, sealed."""

    tenant_id: Id
    erasure_id: Id


class ErasureRound(ErasureRef):
    """What is found in one round is taken out in it; a later one finds what came meanwhile."""

    round: int


class StoreStep(ErasureRound):
    """One store's part of a round."""

    store: str


class Standing(Contract):
    """Where a request stands. ``waits_for`` says what: an approval, the release of a hold, a review; empty: nothing.

    ``is_over``: nothing is left to be done, whatever the end was. ``round``: the next one, of a request that was
    reopened. ``is_purged``: only the verification is left.
    """

    state: str
    waits_for: str = ""
    is_over: bool = False
    wait_seconds: float | None = None
    round: int = 1
    is_purged: bool = False


class Discovered(Contract):
    """New items of the manifest, those that stay for a reason, and those a person should look at.

    ``late``: what came since the last round began; it goes, and asks for no further round.
    ``again``: items that were erased in an earlier round and are there once more. ``drain_seconds``: how long a writer
    that began before may still be running. ``stores``: those that have something to take out. ``is_shared``: some of it
    says something of others, too, and is to be rewritten first.
    """

    is_held: bool = False
    stores: list[str] = Field(default_factory=list[str], max_length=50)
    is_shared: bool = False
    found: int = 0
    late: int = 0
    again: int = 0
    drain_seconds: float = 0.0
    kept: int = 0
    in_review: int = 0


class Quieted(Contract):
    """Versions whose ingestion was ended."""

    is_held: bool = False
    ended: int = 0


class Rewritten(Contract):
    """Documents whose version without the person is still on its way in."""

    is_held: bool = False
    waiting: int = 0


class StoreErased(Contract):
    """One store's items of the person that are gone, by its own account and by a count on another way."""

    is_held: bool = False
    store: str = ""
    located: int = 0
    erased: int = 0
    wait_seconds: float = 0.0


class Purged(Contract):
    """Stores whose bytes are still to go."""

    is_held: bool = False
    pending: list[str] = Field(default_factory=list[str], max_length=50)


class Verified(Contract):
    """What a verification looked for and found; ``verifier``: the hash of its code. A hit has reopened the request."""

    is_held: bool = False
    hits: int = 0
    probes: int = 0
    scans: int = 0
    controls: int = 0
    verifier: str = ""


class VerifiedErasure(ErasureRef):
    """A request that was found to be fulfilled, and how that was found."""

    verified: Verified


class Certified(Contract):
    """``is_certified``: no, where there is no witness to cosign a certificate."""

    is_held: bool = False
    is_certified: bool = False


class Rechecked(Contract):
    """``is_open``: the request is not certified (any more), so nothing is left to be checked again."""

    is_open: bool = False
    hits: int = 0


class ErasureRun(ErasureRef):
    """The state of the workflow. ``phase``: what it waits for the end of, where a new run goes on with that.

    ``drain_seconds`` and ``stores``: of the round, as its discovery said.
    """

    round: int = 1
    phase: str = Field(default="", max_length=20)
    drain_seconds: float = 0.0
    stores: list[str] = Field(default_factory=list[str], max_length=50)


class ErasureProgress(Contract):
    """For whoever asks the workflow. ``stores``: items erased, by store."""

    phase: str = "received"
    round: int = 1
    found: int = 0
    kept: int = 0
    in_review: int = 0
    stores: dict[str, int] = Field(default_factory=dict[str, int], max_length=50)
    pending: list[str] = Field(default_factory=list[str], max_length=50)


class RecheckRun(Contract):
    """Look again for what certified erasures removed: of one tenant, or of all; it goes on after this request."""

    tenant_id: Id | None = None
    after: ErasureRef | None = None
    checked: int = 0
    reopened: int = 0


class CertifiedPage(Contract):
    """Certified requests. ``after`` is None when there are no more."""

    requests: list[ErasureRef] = Field(max_length=100)
    after: ErasureRef | None
