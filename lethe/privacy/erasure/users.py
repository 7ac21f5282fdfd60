"""Users of the tenant among those who are to be forgotten: their API keys go with them."""

from collections.abc import Iterable

from lethe.errors import Forbidden, IdentifierTooWeak, LastAdminKey
from lethe.model.erasures import IdentifierKind
from lethe.model.ids import Id
from lethe.model.indexes import NIL_ID
from lethe.model.principals import Caller, Role
from lethe.ports.ledger import Ledger


async def names_an_admin(ledger: Ledger, caller: Caller, identifiers: Iterable[tuple[IdentifierKind, str]]) -> bool:
    """Whether a user with an admin's key is to be forgotten, which a second principal must approve.

    Raises Forbidden if the caller is no admin, LastAdminKey if no admin would be left, IdentifierTooWeak for the id
    that stands where a principal was forgotten.
    """
    users = {value for kind, value in identifiers if kind is IdentifierKind.PRINCIPAL}
    if NIL_ID in users:
        raise IdentifierTooWeak
    admins = await _admins(ledger, caller.tenant_id) if users else set[Id]()
    if not users & admins:
        return False
    if caller.role is not Role.ADMIN:
        raise Forbidden("To erase an admin needs a key of role admin.")
    if admins <= users:
        raise LastAdminKey
    return True


async def _admins(ledger: Ledger, tenant_id: Id) -> set[Id]:
    async with ledger.read() as uow:
        keys = await uow.api_keys.list(tenant_id)
    return {key.principal_id for key in keys if key.role is Role.ADMIN and key.revoked_at is None}
