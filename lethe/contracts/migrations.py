"""Inputs and outputs of the workflow and activities of migrations."""

from pydantic import Field

from lethe.contracts.base import Contract
from lethe.contracts.indexing import BuildRef, BuildRun
from lethe.model.ids import Id

MOST_SAMPLED = 1_000


class MigrationOpened(Contract):
    """``is_over``: it ended before its workflow began."""

    is_over: bool = False
    soak_seconds: float = 0.0


class MigrationLook(Contract):
    """What was asked of a migration, and what stands against its cutover."""

    is_paused: bool = False
    is_aborted: bool = False
    goes_back: bool = False
    is_finished: bool = False
    may_close: bool = False


class VectorTally(Contract):
    """Vectors of a build compared with those the ledger records under the build's spec.

    ``foreign``: none is recorded; ``broken``: wrong dimensions, not finite, or not of norm 1; ``moved``: another one is
    recorded. ``sample``: chunks whose texts are embedded again.
    """

    vectors: int = 0
    foreign: int = 0
    broken: int = 0
    moved: int = 0
    least_cosine: float = 1.0
    sample: list[Id] = Field(default_factory=list[Id], max_length=MOST_SAMPLED)


class CheckStep(BuildRef):
    """Go on after the chunk with this id (None: from the beginning)."""

    after: Id | None = None
    tally: VectorTally = VectorTally()


class MigrationRun(BuildRun):
    """The state of a migration's workflow: besides that of its build, how far its vectors are compared."""

    is_judged: bool = False
    check_after: Id | None = None
    tally: VectorTally = VectorTally()


class Checked(Contract):
    """``after`` is None when nothing is left."""

    after: Id | None
    tally: VectorTally
    pause_seconds: float = 0.0


class JudgeStep(BuildRef):
    """All pages are compared."""

    tally: VectorTally


class GateFigures(Contract):
    """Both builds asked the same questions. nDCG is None without judgements; times in milliseconds.

    ``overlap``: the share of the replaced build's best passages that the new one finds too.
    """

    questions: int = 0
    judged: int = 0
    ndcg_before: float | None = None
    ndcg_after: float | None = None
    overlap: float | None = None
    p95_ms_before: float = 0.0
    p95_ms_after: float = 0.0


class MigrationReport(Contract):
    """``failures``: codes of what was not good enough; none: it may serve."""

    vectors: int = 0
    foreign: int = 0
    broken: int = 0
    moved: int = 0
    least_cosine: float = 1.0
    sampled: int = 0
    sample_failed: int = 0
    least_sample_cosine: float = 1.0
    figures: GateFigures = GateFigures()
    failures: list[str] = Field(default_factory=list[str], max_length=20)


class Judged(Contract):
    """Whether the build may serve."""

    passed: bool
    failures: list[str] = Field(default_factory=list[str], max_length=20)
