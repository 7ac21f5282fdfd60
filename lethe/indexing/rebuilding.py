"""Making a tenant's index anew for the sake of the bytes: what was deleted stays in a build's files until it goes."""

from dataclasses import dataclass

from lethe.model.ids import Id
from lethe.model.indexes import BuildKind
from lethe.ports.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Rebuilding:
    """lethe.ports.personal_data.Rebuilder."""

    ledger: Ledger

    async def rebuild(self, tenant_id: Id, kind: BuildKind, request_id: Id) -> bool:
        """A tenant without a build of the kind has no bytes there."""
        async with self.ledger.read() as uow:
            return not any(build.kind is kind for build in await uow.builds.list(tenant_id))
