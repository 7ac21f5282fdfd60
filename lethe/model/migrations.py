"""Migrations: a tenant's index made anew by another embedding model, or kept otherwise, beside the one that serves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from lethe.model.ids import Id


class MigrationState(StrEnum):
    """``ready``: nothing stands against the cutover, which is waited for; the build follows. ``soaking``: it serves,
    and what it replaced follows for a way back. ``refused``: it was not good enough; nothing was switched.
    """

    BUILDING = "building"
    CHECKING = "checking"
    READY = "ready"
    SOAKING = "soaking"
    FINISHED = "finished"
    ROLLED_BACK = "rolled_back"
    ABORTED = "aborted"
    REFUSED = "refused"


class MigrationMove(StrEnum):
    """What somebody may ask of a migration."""

    PAUSE = "pause"
    RESUME = "resume"
    CUTOVER = "cutover"
    ROLLBACK = "rollback"
    FINISH = "finish"
    ABORT = "abort"


BEFORE_CUTOVER: Final = frozenset({MigrationState.BUILDING, MigrationState.CHECKING, MigrationState.READY})
UNDER_WAY: Final = BEFORE_CUTOVER | {MigrationState.SOAKING}
ALLOWED: Final[Mapping[MigrationMove, frozenset[MigrationState]]] = {
    MigrationMove.PAUSE: BEFORE_CUTOVER,
    MigrationMove.RESUME: BEFORE_CUTOVER,
    MigrationMove.CUTOVER: frozenset({MigrationState.READY}),
    MigrationMove.ROLLBACK: frozenset({MigrationState.SOAKING}),
    MigrationMove.FINISH: frozenset({MigrationState.SOAKING}),
    MigrationMove.ABORT: BEFORE_CUTOVER,
}
"""In which states each is taken."""

DONE: Final[Mapping[MigrationMove, frozenset[MigrationState]]] = {
    MigrationMove.CUTOVER: frozenset({MigrationState.SOAKING, MigrationState.FINISHED}),
    MigrationMove.ROLLBACK: frozenset({MigrationState.ROLLED_BACK}),
    MigrationMove.FINISH: frozenset({MigrationState.FINISHED}),
    MigrationMove.ABORT: frozenset({MigrationState.ABORTED}),
}
"""In which states it has been done already."""

NOT_COMPARED_YET: Final = "not_compared_yet"
"""Why it waits though nothing stands against it: more comes than is compared meanwhile."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Documents that answer a question which was asked before."""

    question_id: Id
    document_ids: tuple[Id, ...]


@dataclass(frozen=True, slots=True)
class MigrationPlan:
    """What it will take. ``to_embed`` chunks have no vector of the model yet, ``tokens`` are theirs; the cost is in
    millionths of the currency.
    """

    chunks: int
    to_embed: int
    tokens: int
    cost_micros: int
    currency: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Migration:
    """Its id is also that of the build it makes. ``move`` is what was asked of it last, until it is done.

    ``is_canary``: others with the same target wait until it has ended well. ``code``: why it stopped or waits.
    ``report``: what the checks and the gate found (lethe.contracts.migrations.MigrationReport). ``checked_seq``: the
    commit up to which its build was compared. ``swept_at``: when vectors went that it left behind. ``despite_refused``:
    its rollback was ordered though texts are lost by it.
    """

    tenant_id: Id
    id: Id
    principal_id: Id
    state: MigrationState
    source_spec: str
    source_parameters: str
    target_spec: str
    target_parameters: str
    soak_seconds: float
    budget_micros: int | None
    is_canary: bool
    is_automatic: bool
    judgements: Mapping[Id, list[Id]]
    plan: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime
    report: Mapping[str, Any] = field(default_factory=dict[str, Any])
    is_paused: bool = False
    move: MigrationMove | None = None
    code: str = ""
    checked_seq: int | None = None
    cut_over_at: datetime | None = None
    ended_at: datetime | None = None
    swept_at: datetime | None = None
    despite_refused: bool = False

    @property
    def may_serve(self) -> bool:
        """Whether its build passed, and nobody holds it up."""
        return self.state is MigrationState.READY and not self.is_paused and self.move is not MigrationMove.ABORT
