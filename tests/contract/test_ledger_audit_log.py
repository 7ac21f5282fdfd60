"""Ledger: the log of erasures."""

import asyncio
from datetime import timedelta

import pytest

from lethe.adapters.fakes.keyring import FakeKeyRing
from lethe.adapters.sql import SqlLedger
from lethe.errors import KeyDestroyed
from lethe.model.audit_log import LeafKind, LogCheckpoint
from lethe.model.ids import Id, new_id
from lethe.ports.ledger import Ledger
from lethe.privacy.certificates.log import AuditLog, LogEntry, append_leaf
from lethe.privacy.certificates.merkle import MerkleTree, Node, inclusion_spans, leaf_hash, nodes_of, span_hash
from lethe.settings import Settings
from tests.contract.ledger_rows import NOON, add_tenant

SECRET = "max.mustermann@example.org"


@pytest.fixture
def keyring() -> FakeKeyRing:
    return FakeKeyRing()


def entry(tenant_id: Id, kind: LeafKind = LeafKind.ACCEPTED) -> LogEntry:
    request = new_id()
    return LogEntry(kind, tenant_id, request, NOON, detail={"asked": SECRET}, key_id=request)


async def test_leaves_make_the_tree_of_the_rfc(ledger: Ledger, keyring: FakeKeyRing):
    tenant = await add_tenant(ledger)
    await keyring.create_tenant(tenant)
    log = AuditLog(ledger, keyring)
    leaves = [await log.append(entry(tenant)) for _ in range(21)]
    tree = MerkleTree([leaf_hash(leaf.data.encode()) for leaf in leaves])
    async with ledger.read() as unit:
        assert await unit.audit_log.size() == 21
        assert list(await unit.audit_log.leaf_hashes(0, 99)) == [leaf_hash(leaf.data.encode()) for leaf in leaves]
        assert len(await unit.audit_log.leaf_hashes(19, 99)) == 2
        for index in (0, 7, 16, 20):
            spans = inclusion_spans(index, 21)
            found = await unit.audit_log.nodes({node for span in spans for node in nodes_of(span)})
            hashes = {Node(*place): each for place, each in found.items()}
            assert [span_hash(span, hashes) for span in spans] == tree.inclusion(index, 21)
        assert await unit.audit_log.nodes([(1, 10)]) == {}


async def test_an_entry_is_logged_once(ledger: Ledger, keyring: FakeKeyRing):
    tenant = await add_tenant(ledger)
    await keyring.create_tenant(tenant)
    log, wanted = AuditLog(ledger, keyring), entry(tenant)
    first = await log.append(wanted)
    assert await log.append(wanted) == first
    again = LogEntry(wanted.kind, tenant, wanted.ref, NOON + timedelta(hours=1), number=1)
    assert (await log.append(again)).leaf_index == 1
    async with ledger.read() as unit:
        assert await unit.audit_log.find(wanted.kind, tenant, wanted.ref, 0) == first
        assert await unit.audit_log.find(LeafKind.HELD, tenant, wanted.ref, 0) is None


async def test_an_append_goes_with_its_unit(ledger: Ledger, keyring: FakeKeyRing):
    tenant = await add_tenant(ledger)
    await keyring.create_tenant(tenant)
    leaf = await AuditLog(ledger, keyring).prepare(entry(tenant))

    async def fail_after_it() -> None:
        async with ledger.write() as unit:
            await append_leaf(unit, leaf)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail_after_it()
    async with ledger.read() as unit:
        assert await unit.audit_log.size() == 0


async def test_with_its_key_the_detail_is_gone_and_the_tree_stays(ledger: Ledger, keyring: FakeKeyRing):
    tenant = await add_tenant(ledger)
    await keyring.create_tenant(tenant)
    log = AuditLog(ledger, keyring)
    leaf = await log.append(entry(tenant))
    assert await log.detail(leaf) == {"asked": SECRET}
    assert SECRET not in leaf.data
    assert leaf.key_id is not None
    await keyring.destroy(tenant, [leaf.key_id])
    with pytest.raises(KeyDestroyed):
        await log.detail(leaf)
    async with ledger.read() as unit:
        assert list(await unit.audit_log.leaf_hashes(0, 9)) == [leaf_hash(leaf.data.encode())]


async def test_writers_at_once_make_one_tree(sql_settings: Settings, keyring: FakeKeyRing):
    """Of several processes: each has a ledger with connections of its own."""
    ledgers = [SqlLedger.from_settings(sql_settings) for _ in range(3)]
    tenant = await add_tenant(ledgers[0])
    await keyring.create_tenant(tenant)
    logs = [AuditLog(each, keyring) for each in ledgers]

    async def write(log: AuditLog) -> None:
        for _ in range(12):
            await log.append(entry(tenant))

    await asyncio.gather(*(write(log) for log in logs for _ in range(2)))
    async with ledgers[0].read() as unit:
        hashes = list(await unit.audit_log.leaf_hashes(0, 999))
        tree = MerkleTree(hashes)
        whole = [Node(level, number) for level in range(7) for number in range(72 >> level)]
        stored = await unit.audit_log.nodes(whole)
        assert await unit.audit_log.size() == len(hashes) == 72
    assert (
        span_hash(inclusion_spans(71, 72)[-1], {Node(*k): v for k, v in stored.items()}) == tree.inclusion(71, 72)[-1]
    )
    assert len(stored) == len(whole)
    for each in ledgers:
        await each.close()


async def test_checkpoints_are_kept_once_per_size(ledger: Ledger):
    async with ledger.write() as unit:
        assert await unit.audit_log.newest_checkpoint() is None
        for size in (3, 8):
            await unit.audit_log.add_checkpoint(LogCheckpoint(size, f"note {size}", "key", NOON))
        await unit.audit_log.add_checkpoint(LogCheckpoint(8, "another", "key", NOON))
    async with ledger.read() as unit:
        newest = await unit.audit_log.newest_checkpoint()
        assert newest == LogCheckpoint(8, "note 8", "key", NOON)
        over = [await unit.audit_log.checkpoint_over(index) for index in (0, 2, 3, 7, 8)]
        assert [each and each.size for each in over] == [3, 3, 8, 8, None]
        assert await unit.audit_log.installation_id()
