"""Preparing the stores of a fresh installation: schema, stamps, first tenant, its first build, its admin key."""

import os
from datetime import datetime
from pathlib import Path
from typing import Final

from lethe.indexing.keyword_builds import KeywordBuilds
from lethe.model.ids import Id, new_id
from lethe.model.principals import ApiKey, Role, Tenant
from lethe.ports.ledger import Ledger
from lethe.privacy.credentials import new_secret, secret_digest
from lethe.settings import Settings
from migrations.runner import upgrade
from workers.wiring import bootstrap_parts

ADMIN_KEY_FILE: Final = "admin.key"


async def bootstrap(settings: Settings) -> dict[str, object]:
    """Bring everything to where a process may start. Idempotent; returns what it found or made."""
    await upgrade(settings)
    async with bootstrap_parts(settings) as (ledger, keyring, first_build, now):
        tenant = await _first_tenant(ledger, settings.tenant_name, now)
        await keyring.create_tenant(tenant.id)
        build = await first_build.ensure(tenant.id, now)
        await KeywordBuilds(ledger, first_build.keywords).ensure_all(now)
        made = await _admin_key(ledger, settings, tenant.id, now)
    return {"tenant_id": tenant.id, "index_build": build.physical_tenant, "admin_key_made": made}


async def _first_tenant(ledger: Ledger, name: str, now: datetime) -> Tenant:
    async with ledger.write() as uow:
        tenants = await uow.tenants.list()
        if tenants:
            return tenants[0]
        tenant = Tenant(id=new_id(), name=name, seq=0, created_at=now)
        await uow.tenants.add(tenant)
        return tenant


async def _admin_key(ledger: Ledger, settings: Settings, tenant_id: Id, now: datetime) -> bool:
    """An admin key the operator can read: from the settings, else in a file only its user may open."""
    file = settings.state / ADMIN_KEY_FILE
    secret = settings.admin_key.get_secret_value() or (file.read_text().strip() if file.exists() else "")
    if not secret:
        secret = new_secret()
        _write_private(file, secret)
    digest = secret_digest(secret)
    async with ledger.write() as uow:
        if await uow.api_keys.by_secret(digest) is not None:
            return False
        await uow.api_keys.add(
            ApiKey(
                tenant_id=tenant_id,
                id=new_id(),
                principal_id=new_id(),
                role=Role.ADMIN,
                groups=frozenset(),
                secret_sha256=digest,
                created_at=now,
            )
        )
    return True


def _write_private(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(text + "\n")
