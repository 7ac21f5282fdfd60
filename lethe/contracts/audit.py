"""Inputs and outputs of the audit's workflows and activities."""

from pydantic import Field

from lethe.contracts.base import Contract
from lethe.model.audits import AuditTrigger
from lethe.model.ids import Id


class AuditRef(Contract):
    """One audit of one tenant."""

    tenant_id: Id
    audit_id: Id
    trigger: AuditTrigger = AuditTrigger.REQUEST


class AuditTally(Contract):
    """See lethe.model.audits.AuditCount."""

    expected: int = 0
    found: int = 0
    orphans: int = 0
    holes: int = 0
    stale: int = 0
    repaired: int = 0
    refused: int = 0

    def plus(self, other: "AuditTally") -> "AuditTally":
        return AuditTally(
            expected=self.expected + other.expected,
            found=self.found + other.found,
            orphans=self.orphans + other.orphans,
            holes=self.holes + other.holes,
            stale=self.stale + other.stale,
            repaired=self.repaired + other.repaired,
            refused=self.refused + other.refused,
        )


class BuildTally(Contract):
    """What was found in one index build."""

    build_id: Id
    tally: AuditTally


class AuditPlan(Contract):
    """The index builds of the tenant."""

    builds: list[Id] = Field(max_length=100)


class AuditStep(Contract):
    """Go on with a build after the object with this id (None: from its beginning)."""

    audit: AuditRef
    build_id: Id
    after: Id | None = None


class AuditedStep(Contract):
    """``after`` is None when the build was listed to its end."""

    after: Id | None
    tally: AuditTally


class AuditReport(Contract):
    """All that an audit found, to be stored."""

    audit: AuditRef
    builds: list[BuildTally] = Field(max_length=100)
    blobs: AuditTally


class AuditRun(Contract):
    """The state of an audit that continues as new: builds still to be listed, and where the first of them goes on."""

    audit: AuditRef
    builds: list[Id] | None = Field(default=None, max_length=100)
    after: Id | None = None
    done: list[BuildTally] = Field(default_factory=list[BuildTally], max_length=100)
    tally: AuditTally = AuditTally()


class AuditProgress(Contract):
    """The answer to the `progress` query of a running audit."""

    builds: int
    builds_done: int
    objects: int
    orphans: int
    holes: int
    stale: int


class AuditAllRun(Contract):
    """The round over all tenants; it goes on after this tenant."""

    after: Id | None = None
    audits: int = 0


class Begun(Contract):
    """Audits begun for a page of tenants. ``after`` is None when there are no more."""

    audits: list[AuditRef] = Field(max_length=100)
    after: Id | None
