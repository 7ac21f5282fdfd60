"""Inputs and outputs of the workflows and activities of index builds."""

from datetime import datetime
from enum import StrEnum
from typing import Final

from pydantic import Field

from lethe.contracts.base import Contract
from lethe.model.ids import Id
from lethe.model.indexes import BuildKind

MOST_BUILDS: Final = 1_000
"""Of one kind, that a tenant keeps: far more than there are."""


class BuildRef(Contract):
    """One index build of one tenant."""

    tenant_id: Id
    build_id: Id


class BuildPlan(BuildRef):
    """A build to be made: of this spec and these parameters, or of the active build's (None)."""

    kind: BuildKind
    spec: str | None = None
    parameters: str | None = None


class Planned(Contract):
    """None: the tenant has no build of the kind to take a spec from."""

    build_id: Id | None


class Followed(Contract):
    """What a step brought in. ``lag``: commits that are still to be applied."""

    lag: int
    written: int = 0
    pause_seconds: float = 0.0


class TakeBack(BuildRef):
    """``build_id`` is to serve again in place of ``serving``, and of nothing that came after it."""

    serving: Id


class ReconcileStep(BuildRef):
    """Go on after the chunk with this id (None: from the beginning)."""

    after: Id | None = None


class Reconciled(Contract):
    """``after`` is None when nothing is left; ``repaired`` objects were not as the ledger has them."""

    after: Id | None
    repaired: int = 0
    pause_seconds: float = 0.0


class Closed(Contract):
    """Whether the build serves now, or is over (lost, retired); neither: it lags, and has to follow again, or only
    that has to be compared which it followed (``is_uncompared``).

    What was replaced is read for ``drop_after_seconds`` more; ``replaced`` may be taken back (vector builds only).
    """

    is_active: bool = False
    is_over: bool = False
    is_uncompared: bool = False
    replaced: Id | None = None
    drop_after_seconds: float = 0.0
    soak_pause_seconds: float = 5.0


class Dropped(Contract):
    """Builds whose bytes are gone from their stores."""

    builds: list[Id] = Field(default=[], max_length=MOST_BUILDS)


class BuildPhase(StrEnum):
    """Where a build is on its way, in the words of its workflow."""

    FOLLOWING = "following"
    RECONCILING = "reconciling"
    JUDGING = "judging"
    HELD = "held"
    CLOSING = "closing"
    SOAKING = "soaking"
    DROPPING = "dropping"
    ENDED = "ended"


class BuildRun(BuildRef):
    """The state of a build's workflow, which continues as new.

    ``soak_seconds``: how long the replaced build follows, for a way back, before it is dropped.
    """

    phase: BuildPhase = BuildPhase.FOLLOWING
    soak_seconds: float = 0.0
    after: Id | None = None
    written: int = 0
    lag: int = 0
    is_paused: bool = False
    is_aborted: bool = False
    is_finished: bool = False
    goes_back: bool = False
    soaks_since: datetime | None = None


class BuildProgress(Contract):
    """Where a build is. ``written``: objects brought in so far; ``lag``: commits it has not applied."""

    phase: BuildPhase
    written: int
    lag: int
    is_paused: bool


class BuildOutcome(Contract):
    """How a build's workflow ended."""

    is_active: bool
    written: int
    dropped: list[Id] = Field(default=[], max_length=MOST_BUILDS)


class RebuildRun(Contract):
    """Purge: a new build of the active one's spec, and the old one dropped."""

    tenant_id: Id
    kind: BuildKind


class Rebuilt(Contract):
    """``build_id`` is None where the tenant has no build of the kind, so nothing to purge."""

    build_id: Id | None
    dropped: list[Id] = Field(default=[], max_length=MOST_BUILDS)
