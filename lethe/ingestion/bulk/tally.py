"""What has come out of a batch so far."""

from dataclasses import dataclass, field

from lethe.contracts.bulk import FailedVersion
from lethe.errors import AwaitsRelease
from lethe.model.documents import Version
from lethe.model.ids import Id


@dataclass(slots=True)
class Tally:
    """What has come out so far."""

    failed: list[FailedVersion] = field(default_factory=list[FailedVersion])
    computed: int = 0
    reused: int = 0

    def is_failed(self, version: Version) -> bool:
        return any(each.version_id == version.id for each in self.failed)


def awaiting(tenant_id: Id, version_id: Id) -> FailedVersion:
    """Its document is restricted: it has a workflow of its own, which waits."""
    return FailedVersion(tenant_id=tenant_id, version_id=version_id, step="switch_version", code=AwaitsRelease.code)
