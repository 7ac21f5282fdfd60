"""Tenants, their clock, and the API keys."""

from datetime import datetime
from typing import Protocol

from lethe.model.ids import Id
from lethe.model.principals import ApiKey, Tenant


class TenantRepository(Protocol):
    async def add(self, tenant: Tenant) -> None: ...
    async def get(self, tenant_id: Id) -> Tenant | None: ...
    async def list(self) -> list[Tenant]: ...

    async def lock(self, tenant_id: Id) -> Tenant:
        """Take the tenant's row lock for the rest of the unit (write units only)."""
        ...

    async def advance(self, tenant_id: Id) -> int:
        """Raise seq under the row lock and return the new value."""
        ...

    async def seq(self, tenant_id: Id) -> int: ...

    async def pinned_seq(self, tenant_id: Id) -> int | None:
        """The clock, which nobody moves until this unit ends; None, without waiting, where somebody is about to."""
        ...


class ApiKeyRepository(Protocol):
    async def add(self, key: ApiKey) -> None: ...

    async def by_secret(self, secret_sha256: str) -> ApiKey | None:
        """The unrevoked key with that digest, of any tenant: the one look-up that has no tenant yet."""
        ...

    async def list(self, tenant_id: Id) -> list[ApiKey]: ...
    async def revoke(self, tenant_id: Id, key_id: Id, at: datetime) -> bool: ...

    async def renew(self, tenant_id: Id, key_id: Id, secret_sha256: str) -> None:
        """Another secret for an unrevoked key: the one before is worth nothing from now on."""
        ...
