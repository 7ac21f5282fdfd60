"""The key ring over SQL.

A data key is sealed (AES-256-GCM) under a key derived from the tenant's, bound to its tenant and id. Destroying
overwrites the sealed key with NULL in its row, which stays as the tombstone: one row per id decides every race.
"""

import asyncio
import os
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import and_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from lethe.adapters.keyring.cache import KeyCache
from lethe.adapters.keyring.files import KEY_BYTES, KeyFiles
from lethe.adapters.keyring.rewriting import Rewriter
from lethe.adapters.keyring.tables import data_keys, tenant_keys
from lethe.adapters.sql.engine import Engines, answers, empty_journal, make_engines, transaction
from lethe.adapters.sql.one_hop import short
from lethe.adapters.sql.rows import insert_missing, one_of, upsert_into
from lethe.adapters.sql.stamps import StampGuard
from lethe.errors import ConfigurationError, KeyDestroyed
from lethe.model.ids import Id
from lethe.model.indexes import NIL_ID
from lethe.ports.keyring import Emptied, SecretPurpose
from lethe.privacy.sealing import seal, unseal
from lethe.settings import Settings

_WRAPPING: Final = "wrapping"
_FINGERPRINT: Final = "fingerprint"
_OF_TENANT: Final = NIL_ID
"""Where the tenant's own key stands in the cache."""


class SqlKeyRing:
    """lethe.ports.keyring.KeyRing. Its first use checks the database's environment stamp, as the ledger does."""

    def __init__(
        self, engines: Engines, files: KeyFiles, cache: KeyCache, guard: StampGuard, most_bytes: int = 0
    ) -> None:
        self._engines = engines
        self._rewriter = Rewriter(engines.writing, most_bytes)
        self._files = files
        self._cache = cache
        self._guard = guard

    @classmethod
    def from_settings(cls, settings: Settings) -> "SqlKeyRing":
        """Connects on first use."""
        return cls(
            make_engines(settings.keyring_url, settings.sql),
            KeyFiles(settings.key_folder, settings.environment),
            KeyCache(settings.keys.cache_seconds),
            StampGuard("keyring", settings.environment),
            settings.keys.rewrite_megabytes << 20,
        )

    async def create_tenant(self, tenant_id: Id) -> None:
        """Raises ConfigurationError if the ring knows the tenant but its file is gone or another: a new key would
        make everything sealed so far unreadable without a word.
        """
        known = select(tenant_keys.c.fingerprint).where(tenant_keys.c.tenant_id == tenant_id)
        async with transaction(self._engines.reading) as connection:
            await self._guard.check(connection)
            is_new = (await connection.execute(known)).first() is None
        if is_new:
            await asyncio.to_thread(self._files.make, tenant_id)
        own = (await self._derived(tenant_id, _FINGERPRINT)).hex()
        async with transaction(self._engines.writing) as connection:
            await insert_missing(connection, tenant_keys, [{"tenant_id": tenant_id, "fingerprint": own}])
            recorded = (await connection.execute(known)).scalar_one()
        if recorded != own:
            raise ConfigurationError(f"the key file of tenant {tenant_id} is not the one the ring was made with")

    async def create(self, tenant_id: Id, key_id: Id) -> bytes:
        wrapping = await self._derived(tenant_id, _WRAPPING)
        fresh = seal(wrapping, _place(tenant_id, key_id), os.urandom(KEY_BYTES))
        async with transaction(self._engines.writing) as connection:
            await self._guard.check(connection)
            row = {"tenant_id": tenant_id, "key_id": key_id, "wrapped": fresh}
            insertion = short(
                upsert_into(connection, data_keys).on_conflict_do_nothing().returning(data_keys.c.wrapped)
            )
            stored = (await connection.execute(insertion, row)).scalar_one_or_none()
            if stored is None:
                stored = (await self._wrapped(connection, tenant_id, [key_id])).get(key_id)
        if stored is None:
            raise KeyDestroyed
        key = unseal(wrapping, _place(tenant_id, key_id), stored)
        self._cache.put(tenant_id, key_id, key)
        return key

    async def get(self, tenant_id: Id, key_id: Id) -> bytes:
        found = await self.get_many(tenant_id, [key_id])
        if key_id not in found:
            raise KeyDestroyed
        return found[key_id]

    async def get_many(self, tenant_id: Id, key_ids: Collection[Id]) -> Mapping[Id, bytes]:
        held = {key_id: self._cache.get(tenant_id, key_id) for key_id in key_ids}
        missing = [key_id for key_id, key in held.items() if key is None]
        found = {key_id: key for key_id, key in held.items() if key is not None}
        if missing:
            wrapping = await self._derived(tenant_id, _WRAPPING)
            async with transaction(self._engines.reading) as connection:
                await self._guard.check(connection)
                stored = await self._wrapped(connection, tenant_id, missing)
            for key_id, wrapped in stored.items():
                found[key_id] = unseal(wrapping, _place(tenant_id, key_id), wrapped)
                self._cache.put(tenant_id, key_id, found[key_id])
        return found

    async def destroy(self, tenant_id: Id, key_ids: Collection[Id]) -> int:
        if not key_ids:
            return 0
        rows = [{"tenant_id": tenant_id, "key_id": key_id, "wrapped": None} for key_id in sorted(set(key_ids))]
        existing = update(data_keys).where(
            data_keys.c.tenant_id == tenant_id, one_of(data_keys.c.key_id, key_ids), data_keys.c.wrapped.is_not(None)
        )
        async with transaction(self._engines.writing) as connection:
            await self._guard.check(connection)
            destroyed = (await connection.execute(existing.values(wrapped=None))).rowcount
            # Also over a key made since the statement above, and for ids that never had one.
            tombstones = upsert_into(connection, data_keys)
            tombstones = tombstones.on_conflict_do_update(
                index_elements=["tenant_id", "key_id"], set_={"wrapped": None}
            )
            await connection.execute(tombstones, rows)
        self._cache.forget(tenant_id, key_ids)
        await empty_journal(self._engines.writing)
        return destroyed

    async def leave_nothing(self, since: datetime | None = None) -> Emptied:
        if self._engines.writing.dialect.name == "sqlite":
            return Emptied.DONE if await empty_journal(self._engines.writing) else Emptied.NOT_YET
        return await self._rewriter.rewrite(since)

    async def is_left_to_operator(self) -> bool:
        return self._engines.writing.dialect.name != "sqlite" and await self._rewriter.is_left()

    async def secret(self, tenant_id: Id, purpose: SecretPurpose) -> bytes:
        return await self._derived(tenant_id, f"secret/{purpose}")

    async def connect(self) -> None:
        """Wait until the ring's database answers, and check whose it is: for start-up."""
        await self._guard.connect(self._engines.reading)

    async def ready(self) -> bool:
        return await answers(self._engines.reading)

    async def close(self) -> None:
        await self._engines.close()

    async def _wrapped(self, connection: AsyncConnection, tenant_id: Id, key_ids: Collection[Id]) -> dict[Id, bytes]:
        own = and_(data_keys.c.tenant_id == tenant_id, one_of(data_keys.c.key_id, key_ids))
        statement = short(select(data_keys.c.key_id, data_keys.c.wrapped).where(own, data_keys.c.wrapped.is_not(None)))
        return {row.key_id: row.wrapped for row in await connection.execute(statement)}

    async def _derived(self, tenant_id: Id, purpose: str) -> bytes:
        """HKDF-SHA-256 (RFC 5869) of the tenant's key, no salt, the purpose as info; 32 bytes."""
        master = self._cache.get(tenant_id, _OF_TENANT)
        if master is None:
            master = await asyncio.to_thread(self._files.read, tenant_id)
            self._cache.put(tenant_id, _OF_TENANT, master)
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=f"lethe/{purpose}".encode()).derive(master)


def _place(tenant_id: Id, key_id: Id) -> str:
    return f"data-key/{tenant_id}/{key_id}"
