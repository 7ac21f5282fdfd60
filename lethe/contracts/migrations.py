"""Inputs and outputs of the workflow and activities of migrations."""

from datetime import datetime

from pydantic import Field

from lethe.contracts.base import Contract
from lethe.contracts.indexing import BuildRef, BuildRun
from lethe.model.ids import Id

MOST_SAMPLED = 1_000
MOST_REFUSED = 20
"""Documents that are named, of those with texts that the model refuses."""


class MigrationOpened(Contract):
    """``is_over``: it ended before its workflow began. ``stall_seconds``: see MigrationRun."""

    is_over: bool = False
    soak_seconds: float = 0.0
    stall_seconds: float = 3_600.0


class MigrationEnd(BuildRef):
    """``code``: why it was given up; "" where somebody asked for its end, or it came by itself."""

    code: str = ""


class MigrationLook(Contract):
    """What was asked of a migration, and what stands against its cutover. ``is_judged``: its build was found good
    enough, and not lost since. ``is_counted``: it has a budget to keep.
    """

    is_judged: bool = False
    is_paused: bool = False
    is_aborted: bool = False
    goes_back: bool = False
    is_finished: bool = False
    may_close: bool = False
    is_counted: bool = False


class VectorTally(Contract):
    """Vectors of a build compared with those the ledger records under the build's spec.

    ``missing``: the build is to hold one and does not; ``left``: it holds one of what was removed; ``foreign``: none
    is recorded; ``broken``: wrong dimensions, not finite, or not of norm 1; ``moved``: another one is recorded.
    ``sample``: chunks whose texts are embedded again.
    """

    vectors: int = 0
    missing: int = 0
    left: int = 0
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
    """The state of a migration's workflow: besides that of its build, how far its vectors are compared.

    ``stalls_since``: when its model was first without an answer; ``uncompared_since``: when more had first come than
    was compared for its cutover. After ``stall_seconds`` of either it is given up.
    """

    is_judged: bool = False
    is_checked: bool = False
    check_after: Id | None = None
    tally: VectorTally = VectorTally()
    stalls_since: datetime | None = None
    uncompared_since: datetime | None = None
    stall_seconds: float = 3_600.0


class Checked(Contract):
    """``after`` is None when nothing is left. ``is_lost``: the store has the build no more, and it is filled again."""

    after: Id | None
    tally: VectorTally
    is_lost: bool = False
    pause_seconds: float = 0.0


class JudgeStep(BuildRef):
    """All pages are compared. ``is_last``: a model of what serves that does not answer is not waited for any more."""

    tally: VectorTally
    is_last: bool = False


class GateFigures(Contract):
    """Both builds asked the same questions. nDCG is None without judgements; times in milliseconds.

    ``overlap``: the share of the replaced build's best passages that the new one finds too; ``cited_kept``: of the
    documents that liked answers cite and the replaced build finds still, the share that the new one finds too.
    """

    questions: int = 0
    judged: int = 0
    ndcg_before: float | None = None
    ndcg_after: float | None = None
    overlap: float | None = None
    liked: int = 0
    cited_kept: float | None = None
    median_ms_before: float = 0.0
    median_ms_after: float = 0.0
    p95_ms_before: float = 0.0
    p95_ms_after: float = 0.0


class MigrationReport(Contract):
    """``failures``: codes of what was not good enough; none: it may serve. ``unasked``: questions left out, because one
    of the models could not be asked. ``withheld``: of the sample, not sent to the model, since nobody may find it.
    ``refused``: texts that the model takes no more of, in documents of which some are named; the build lacks them.
    """

    vectors: int = 0
    missing: int = 0
    left: int = 0
    foreign: int = 0
    broken: int = 0
    moved: int = 0
    least_cosine: float = 1.0
    sampled: int = 0
    withheld: int = 0
    sample_failed: int = 0
    refused: int = 0
    refused_documents: list[Id] = Field(default_factory=list[Id], max_length=MOST_REFUSED)
    least_sample_cosine: float = 1.0
    figures: GateFigures = GateFigures()
    unasked: int = 0
    failures: list[str] = Field(default_factory=list[str], max_length=20)


class Verified(Contract):
    """What a build took in after its verdict. ``is_void``: so much that it is judged anew."""

    chunks: int = 0
    is_void: bool = False
    failures: list[str] = Field(default_factory=list[str], max_length=20)


class Judged(Contract):
    """Whether the build may serve. ``is_lost``: as in Checked; nothing was decided."""

    passed: bool
    is_lost: bool = False
    failures: list[str] = Field(default_factory=list[str], max_length=20)
