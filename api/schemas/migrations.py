"""Migrations of a tenant's index on the wire."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from api.schemas.base import Given, OpaqueId, PlainText, Taken
from lethe.indexing.migration.migrations import Standing
from lethe.indexing.migration.planning import MigrationWish
from lethe.model.index_parameters import IndexParameters, Quantisation
from lethe.model.migrations import Judgement, Migration, MigrationMove, MigrationPlan, MigrationState
from lethe.model.operations import DispatchKind
from lethe.model.workflow_ids import dispatch_id

_YEAR = 366 * 86_400
Budget = Annotated[int, Field(ge=0, le=10**15)]
"""In millionths of the currency; more is nobody's, and far less than a column holds."""


class IndexParametersIn(Taken):
    """How the vector store keeps the build; what is not said is the store's own."""

    ef: Annotated[int, Field(ge=-1, le=10_000)] = -1
    ef_construction: Annotated[int, Field(ge=4, le=10_000)] = 128
    connections: Annotated[int, Field(ge=4, le=2_047)] = 32
    quantisation: Quantisation = Quantisation.STORE
    replicas: Annotated[int, Field(ge=1, le=10)] = 1


class JudgementIn(Taken):
    """Which documents answer a question that was asked before."""

    question_id: OpaqueId
    document_ids: Annotated[list[OpaqueId], Field(min_length=1, max_length=50)]


class MigrationIn(Taken):
    """``model``: an embedding model of `GET /v1/models`, by its name or its whole spec; null for the one that serves.

    ``parameters``: null for those that serve. ``automatic``: cut over as soon as the gate is passed; else the cutover
    is waited for. ``canary``: others with the same target wait for it. ``budget_micros``: most it may cost, in
    millionths of the currency. ``judgements``: with them nDCG decides; else answers that somebody liked are taken.
    """

    model: Annotated[PlainText, Field(min_length=1, max_length=200)] | None = None
    parameters: IndexParametersIn | None = None
    budget_micros: Budget | None = None
    soak_seconds: Annotated[float, Field(ge=0, le=_YEAR)] | None = None
    canary: bool = False
    automatic: bool = True
    judgements: Annotated[list[JudgementIn], Field(default_factory=list[JudgementIn], max_length=200)]

    def wish(self) -> MigrationWish:
        """As the use case takes it."""
        return MigrationWish(
            model=self.model,
            parameters=None if self.parameters is None else IndexParameters(**self.parameters.model_dump()),
            budget_micros=self.budget_micros,
            soak_seconds=self.soak_seconds,
            is_canary=self.canary,
            is_automatic=self.automatic,
            judgements=tuple(Judgement(each.question_id, tuple(each.document_ids)) for each in self.judgements),
        )


class ResumeIn(Taken):
    """``budget_micros``: what it may cost from now on, since it began; null: as before."""

    budget_micros: Budget | None = None


class RollbackIn(Taken):
    """``despite_refused``: also where the model to go back to refuses texts that are served now."""

    despite_refused: bool = False


class MigrationPlanOut(Given):
    """What it will take. ``to_embed`` chunks have no vector of the model yet; the cost is in millionths."""

    chunks: int
    to_embed: int
    tokens: int
    cost_micros: int
    currency: str
    seconds: float


class MigrationOut(Given):
    """A migration. ``lag``: commits that the build, or while it soaks the replaced one, has not applied; null in lists.

    ``report`` is empty until it was judged. ``code``: why it stopped or waits. ``rollback_seconds``: while a rollback
    is asked for and not done, how soon it is tried again.
    """

    id: OpaqueId
    state: MigrationState
    is_paused: bool
    move: MigrationMove | None
    code: str
    source_spec: str
    source_parameters: str
    target_spec: str
    target_parameters: str
    soak_seconds: float
    budget_micros: int | None
    canary: bool
    automatic: bool
    plan: MigrationPlanOut
    report: dict[str, Any]
    lag: int | None
    rollback_seconds: float | None
    created_at: datetime
    updated_at: datetime
    cut_over_at: datetime | None
    ended_at: datetime | None
    workflow_id: str


def migration_out(migration: Migration, lag: int | None = None, rollback_seconds: float | None = None) -> MigrationOut:
    """A migration on the wire."""
    return MigrationOut(
        id=migration.id,
        state=migration.state,
        is_paused=migration.is_paused,
        move=migration.move,
        code=migration.code,
        source_spec=migration.source_spec,
        source_parameters=migration.source_parameters,
        target_spec=migration.target_spec,
        target_parameters=migration.target_parameters,
        soak_seconds=migration.soak_seconds,
        budget_micros=migration.budget_micros,
        canary=migration.is_canary,
        automatic=migration.is_automatic,
        plan=MigrationPlanOut.model_validate(MigrationPlan(**migration.plan)),
        report=dict(migration.report),
        lag=lag,
        rollback_seconds=rollback_seconds,
        created_at=migration.created_at,
        updated_at=migration.updated_at,
        cut_over_at=migration.cut_over_at,
        ended_at=migration.ended_at,
        workflow_id=dispatch_id(DispatchKind.MIGRATE_EMBEDDINGS, migration.tenant_id, migration.id),
    )


def standing_out(standing: Standing, lag_seconds: float) -> MigrationOut:
    """As `migration_out`, with its lag."""
    waits = standing.migration.state is MigrationState.SOAKING and standing.migration.move is MigrationMove.ROLLBACK
    return migration_out(standing.migration, standing.lag, lag_seconds if waits else None)
