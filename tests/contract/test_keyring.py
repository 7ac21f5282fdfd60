"""What every KeyRing means: the fake, and the real one on SQLite and PostgreSQL."""

import asyncio

import pytest

from lethe.errors import ConfigurationError, KeyDestroyed
from lethe.model.ids import Id, new_id
from lethe.ports.keyring import KeyRing, SecretPurpose


@pytest.fixture
async def tenant(keyring: KeyRing) -> Id:
    tenant_id = new_id()
    await keyring.create_tenant(tenant_id)
    return tenant_id


async def test_a_key_is_32_bytes_and_stays_the_same(keyring: KeyRing, tenant: Id):
    key_id = new_id()
    key = await keyring.create(tenant, key_id)
    assert len(key) == 32
    assert await keyring.create(tenant, key_id) == key
    assert await keyring.get(tenant, key_id) == key


async def test_each_id_has_a_key_of_its_own(keyring: KeyRing, tenant: Id):
    keys = [await keyring.create(tenant, new_id()) for _ in range(5)]
    assert len(set(keys)) == 5


async def test_the_same_id_made_by_many_at_once_is_one_key(keyring: KeyRing, tenant: Id):
    key_id = new_id()
    assert len(set(await asyncio.gather(*(keyring.create(tenant, key_id) for _ in range(8))))) == 1


async def test_a_key_never_made_reads_as_destroyed(keyring: KeyRing, tenant: Id):
    with pytest.raises(KeyDestroyed):
        await keyring.get(tenant, new_id())


async def test_many_keys_in_one_look_up_leave_out_the_destroyed(keyring: KeyRing, tenant: Id):
    ids = [new_id() for _ in range(3)]
    keys = {key_id: await keyring.create(tenant, key_id) for key_id in ids}
    await keyring.destroy(tenant, ids[:1])
    assert await keyring.get_many(tenant, [*ids, new_id()]) == {key_id: keys[key_id] for key_id in ids[1:]}
    assert await keyring.get_many(tenant, []) == {}


async def test_destroying_counts_what_existed_and_can_be_repeated(keyring: KeyRing, tenant: Id):
    ids = [new_id() for _ in range(3)]
    for key_id in ids:
        await keyring.create(tenant, key_id)
    assert await keyring.destroy(tenant, [*ids[:2], new_id()]) == 2
    assert await keyring.destroy(tenant, ids) == 1
    assert await keyring.destroy(tenant, ids) == 0
    assert await keyring.destroy(tenant, []) == 0


async def test_a_late_writer_cannot_make_a_destroyed_key_again(keyring: KeyRing, tenant: Id):
    made, never_made = new_id(), new_id()
    await keyring.create(tenant, made)
    await keyring.destroy(tenant, [made, never_made])
    for key_id in (made, never_made):
        with pytest.raises(KeyDestroyed):
            await keyring.create(tenant, key_id)
        with pytest.raises(KeyDestroyed):
            await keyring.get(tenant, key_id)


async def test_making_and_destroying_at_once_ends_destroyed(keyring: KeyRing, tenant: Id):
    ids = [new_id() for _ in range(20)]
    makers = [keyring.create(tenant, key_id) for key_id in ids]
    results = await asyncio.gather(*makers, keyring.destroy(tenant, ids), return_exceptions=True)
    assert all(isinstance(result, bytes | int | KeyDestroyed) for result in results)
    assert await keyring.destroy(tenant, ids) == 0
    for key_id in ids:
        with pytest.raises(KeyDestroyed):
            await keyring.create(tenant, key_id)


async def test_tenants_do_not_share_keys(keyring: KeyRing, tenant: Id):
    other, key_id = new_id(), new_id()
    await keyring.create_tenant(other)
    assert await keyring.create(tenant, key_id) != await keyring.create(other, key_id)
    await keyring.destroy(other, [key_id])
    assert len(await keyring.get(tenant, key_id)) == 32


async def test_secrets_differ_by_purpose_and_tenant_and_are_stable(keyring: KeyRing, tenant: Id):
    other = new_id()
    await keyring.create_tenant(other)
    secrets = [await keyring.secret(owner, purpose) for owner in (tenant, other) for purpose in SecretPurpose]
    assert len(set(secrets)) == 2 * len(SecretPurpose)
    assert {len(secret) for secret in secrets} == {32}
    await keyring.create_tenant(tenant)
    assert await keyring.secret(tenant, SecretPurpose.DIGEST) == secrets[0]


async def test_a_tenant_without_a_key_is_refused(keyring: KeyRing):
    with pytest.raises(ConfigurationError):
        await keyring.create(new_id(), new_id())
    with pytest.raises(ConfigurationError):
        await keyring.secret(new_id(), SecretPurpose.BLIND)


async def test_it_answers(keyring: KeyRing):
    assert await keyring.ready()
