"""An older ledger put back: what was erased since goes again, before anybody is served."""

from dataclasses import replace

from lethe.adapters.fakes.blobs import FakeBlobs
from lethe.adapters.fakes.clock import FakeClock
from lethe.adapters.fakes.keyring import FakeKeyRing
from lethe.adapters.fakes.keywords import InMemoryKeywordIndex
from lethe.adapters.fakes.vectors import InMemoryVectorIndex
from lethe.ingestion.erasing import DocumentErasure
from lethe.ingestion.removal import VersionRemover
from lethe.ingestion.tombstones import TombstonedVersions
from lethe.model.ids import new_id
from lethe.ports.ledger import Ledger
from tests.contract.ledger_rows import NOON, add_document, add_tenant, version


async def test_tombstoned_versions_go_and_others_stay(ledger: Ledger):
    tenant = await add_tenant(ledger, seq=5)
    keyring, clock = FakeKeyRing(), FakeClock(NOON)
    await keyring.create_tenant(tenant)
    remover = VersionRemover(ledger, FakeBlobs(), keyring, InMemoryVectorIndex(), InMemoryKeywordIndex())
    async with ledger.write() as unit:
        served, live, _ = await add_document(unit, tenant, count=3)
        await unit.documents.update(replace(served, live_version_id=live.id))
        kept, newer, _ = await add_document(unit, tenant, count=2)
        await unit.documents.update(replace(kept, live_version_id=newer.id))
        old = version(kept, live_from=1, live_until=2, submission=0)
        await unit.versions.add(old)
    for each in (live, newer, old):
        await keyring.create(tenant, each.id)

    removal = TombstonedVersions(DocumentErasure(remover, clock))
    for _ in range(2):
        await removal.remove(tenant, [live.id, old.id, new_id()])
    async with ledger.read() as unit:
        assert await unit.documents.get(tenant, served.id) is None
        left = await unit.documents.get(tenant, kept.id)
        assert left is not None
        assert left.live_version_id == newer.id
        assert set(await unit.versions.get_many(tenant, [live.id, old.id, newer.id])) == {newer.id}
        # Whoever reads from here on reads what is left.
        assert await unit.tenants.seq(tenant) == 6
    assert set(await keyring.get_many(tenant, [live.id, old.id, newer.id])) == {newer.id}
