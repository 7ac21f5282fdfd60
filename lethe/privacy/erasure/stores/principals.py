"""A person who is a user: the credentials go, and the name under what was done and paid for; the sums stay."""

from collections.abc import Sequence
from dataclasses import dataclass

from lethe.errors import ErasureIncomplete
from lethe.model.ids import Id
from lethe.model.personal_data import Item, ItemKind, StoreName, Trace
from lethe.model.principals import Role
from lethe.ports.ledger import Ledger
from lethe.ports.personal_data import Located
from lethe.privacy.erasure.stores.base import Deleting, items_of, refs_of


@dataclass(frozen=True, slots=True)
class PrincipalStore(Deleting):
    """Keys of the API, and every row that says who. The last admin of a tenant stays until there is another one."""

    ledger: Ledger
    name = StoreName.PRINCIPALS

    async def locate(self, tenant_id: Id, trace: Trace) -> Located:
        return Located(items_of(self.name, ItemKind.PRINCIPAL, trace.wanted.principals))

    async def erase(self, tenant_id: Id, items: Sequence[Item]) -> None:
        principals = set(refs_of(items, ItemKind.PRINCIPAL))
        async with self.ledger.write() as uow:
            await uow.tenants.lock(tenant_id)
            keys = await uow.api_keys.list(tenant_id)
            admins = {key.principal_id for key in keys if key.role is Role.ADMIN and key.revoked_at is None}
            if admins and admins <= principals:
                raise ErasureIncomplete(self.name.value)
            await uow.personal.forget_principals(tenant_id, refs_of(items, ItemKind.PRINCIPAL))

    async def remaining(self, tenant_id: Id, items: Sequence[Item]) -> int:
        async with self.ledger.read() as uow:
            return await uow.personal.count(tenant_id, ItemKind.PRINCIPAL, refs_of(items, ItemKind.PRINCIPAL))
