"""Inputs and outputs of the workflow that makes versions anew of the stored bytes."""

from pydantic import Field

from lethe.contracts.base import Contract
from lethe.model.ids import Id


class ReindexRef(Contract):
    """A stored round."""

    tenant_id: Id
    reindex_id: Id


class ReindexTally(Contract):
    """See lethe.model.reindexing.Reindex."""

    matched: int = 0
    parser: int = 0
    chunker: int = 0
    policy: int = 0
    chunks: int = 0
    tokens: int = 0
    begun: int = 0
    skipped: int = 0
    failed: int = 0

    def plus(self, other: "ReindexTally") -> "ReindexTally":
        mine, theirs = self.model_dump(), other.model_dump()
        return ReindexTally(**{name: mine[name] + theirs[name] for name in mine})


class ReindexPage(Contract):
    """Go on after this version. ``so_far``: what the pages before found."""

    reindex: ReindexRef
    after: Id | None = None
    so_far: ReindexTally = ReindexTally()


class ReindexedPage(Contract):
    """``after`` is None when every served version was looked at. ``begun`` are on their way."""

    after: Id | None
    tally: ReindexTally
    begun: list[Id] = Field(default_factory=list[Id], max_length=200)


class ReindexWait(Contract):
    """Versions that were begun: how many of them are still on their way."""

    reindex: ReindexRef
    versions: list[Id] = Field(max_length=200)


class ReindexRun(Contract):
    """The state of a round that continues as new."""

    reindex: ReindexRef
    after: Id | None = None
    tally: ReindexTally = ReindexTally()


class ReindexReport(Contract):
    """All that a round found, to be stored."""

    reindex: ReindexRef
    tally: ReindexTally
