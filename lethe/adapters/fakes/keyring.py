"""A key ring in memory, with the meaning of the real one and none of its protection."""

import hashlib
import hmac
import os
from collections.abc import Collection, Mapping
from datetime import datetime

from lethe.errors import ConfigurationError, KeyDestroyed
from lethe.model.ids import Id
from lethe.ports.keyring import Emptied, SecretPurpose


class FakeKeyRing:
    """lethe.ports.keyring.KeyRing. A destroyed key stays in `keys` as None: its tombstone."""

    def __init__(self) -> None:
        self.tenants: dict[Id, bytes] = {}
        self.keys: dict[tuple[Id, Id], bytes | None] = {}
        self.emptied = Emptied.DONE
        self.emptied_of = set[Id]()

    async def create_tenant(self, tenant_id: Id) -> None:
        self.tenants.setdefault(tenant_id, os.urandom(32))

    async def create(self, tenant_id: Id, key_id: Id) -> bytes:
        self._tenant(tenant_id)
        key = self.keys.setdefault((tenant_id, key_id), os.urandom(32))
        if key is None:
            raise KeyDestroyed
        return key

    async def get(self, tenant_id: Id, key_id: Id) -> bytes:
        self._tenant(tenant_id)
        key = self.keys.get((tenant_id, key_id))
        if key is None:
            raise KeyDestroyed
        return key

    async def get_many(self, tenant_id: Id, key_ids: Collection[Id]) -> Mapping[Id, bytes]:
        self._tenant(tenant_id)
        found = {key_id: self.keys.get((tenant_id, key_id)) for key_id in key_ids}
        return {key_id: key for key_id, key in found.items() if key is not None}

    async def destroy(self, tenant_id: Id, key_ids: Collection[Id]) -> int:
        existed = await self.get_many(tenant_id, key_ids)
        self.keys.update({(tenant_id, key_id): None for key_id in key_ids})
        return len(existed)

    async def leave_nothing(self, since: datetime | None = None) -> Emptied:
        if self.emptied is Emptied.DONE:
            self.emptied_of |= {key_id for (_, key_id), key in self.keys.items() if key is None}
        return self.emptied

    async def is_left_to_operator(self) -> bool:
        return self.emptied is Emptied.LEFT_TO_OPERATOR

    async def secret(self, tenant_id: Id, purpose: SecretPurpose) -> bytes:
        return hmac.digest(self._tenant(tenant_id), purpose.encode(), hashlib.sha256)

    async def ready(self) -> bool:
        return True

    def _tenant(self, tenant_id: Id) -> bytes:
        if tenant_id not in self.tenants:
            raise ConfigurationError("the tenant has no key")
        return self.tenants[tenant_id]
