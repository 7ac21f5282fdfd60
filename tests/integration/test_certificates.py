"""Certificates from the ledger's log: issued once, provable, waiting for a witness that is away."""

import asyncio
import random
import shutil
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from cli import verify_erasure as verifier
from lethe.adapters.fakes.clock import FakeClock
from lethe.adapters.fakes.keyring import FakeKeyRing
from lethe.adapters.fakes.witness import FakeWitness
from lethe.adapters.sql import SqlLedger
from lethe.errors import (
    CertificateNotFound,
    CertificateRefused,
    KeyDestroyed,
    LogForked,
    WitnessUnavailable,
)
from lethe.model.audit_log import LeafKind
from lethe.model.certificates import Certificate, CertificateFacts, Tombstones
from lethe.model.ids import Id, new_id
from lethe.privacy.certificates.issuing import CertificateIssuer
from lethe.privacy.certificates.log import AuditLog, LogEntry
from lethe.privacy.certificates.notes import NoteSigner
from lethe.privacy.certificates.starting import StartCheck
from lethe.settings import Settings
from tests.contract.ledger_rows import add_tenant
from tests.unit.certificates.issuers import SEED, issuer
from tests.unit.certificates.made import NOON, facts


@dataclass
class House:
    """One installation's log, its issuer, and its witness."""

    ledger: SqlLedger
    witness: FakeWitness
    tenant: Id
    keyring: FakeKeyRing = field(default_factory=FakeKeyRing)
    removed: list[Id] = field(default_factory=list[Id])
    chance: random.Random = field(default_factory=lambda: random.Random(1))

    @property
    def issuer(self) -> CertificateIssuer:
        return issuer(self.ledger, FakeClock(NOON + timedelta(hours=2)), self.witness)

    def facts(self) -> CertificateFacts:
        """Of an erasure that destroyed one version's key."""
        made = facts(self.chance, ["max@example.org"], b"n" * 32)
        version = new_id()
        tag = self.chance.randbytes(16).hex()
        return replace(made, tenant_id=self.tenant, tombstones=Tombstones((version,), (version, new_id()), (tag,)))

    async def start(self) -> int:
        async def remove(_tenant: Id, versions: Sequence[Id]) -> None:
            self.removed += versions

        return await StartCheck(self.ledger, self.keyring, self.witness, FakeClock(NOON), remove).run(0.0)

    async def log_something(self) -> None:
        entry = LogEntry(LeafKind.ACCEPTED, self.tenant, new_id(), NOON)
        await AuditLog(self.ledger, self.keyring).append(entry)

    async def is_valid(self, certificate: Certificate) -> bool:
        async with self.ledger.read() as unit:
            origin = f"lethe/{await unit.audit_log.installation_id()}"
        log = verifier.Key(NoteSigner(origin, SEED).key.text, verifier.LOG)
        witness = verifier.Key(self.witness.signer.key.text, verifier.WITNESS)
        return bool(verifier.verify(certificate.text, log, witness))


async def house_at(ledger: SqlLedger, witness: FakeWitness) -> House:
    house = House(ledger, witness, await add_tenant(ledger))
    await house.keyring.create_tenant(house.tenant)
    return house


@pytest_asyncio.fixture
async def house(sqlite_settings: Settings) -> AsyncGenerator[House, None]:
    ledger = SqlLedger.from_settings(sqlite_settings)
    yield await house_at(ledger, FakeWitness())
    await ledger.close()


async def test_one_is_issued_and_always_the_same(ledger: SqlLedger):
    house = await house_at(ledger, FakeWitness())
    given = house.facts()
    await house.log_something()
    certificate = await house.issuer.issue(given)
    assert await house.is_valid(certificate)
    await house.log_something()
    # Repeated, read back, and with facts that came later: the document is what it was.
    assert await house.issuer.issue(given) == certificate
    assert await house.issuer.issue(replace(given, keys_destroyed=given.keys_destroyed + 1)) == certificate
    assert await house.issuer.get(given.tenant_id, given.request_id, given.number) == certificate
    followed = await house.issuer.issue(replace(given, number=given.number + 1))
    assert followed.leaf_index == 3
    assert await house.is_valid(followed)
    for tenant, request in ((new_id(), given.request_id), (given.tenant_id, new_id())):
        with pytest.raises(CertificateNotFound):
            await house.issuer.get(tenant, request, given.number)


async def test_many_at_once_are_all_provable(ledger: SqlLedger):
    house = await house_at(ledger, FakeWitness())
    wanted = [house.facts() for _ in range(12)]

    async def issue(given: CertificateFacts) -> Certificate:
        while True:
            try:
                return await house.issuer.issue(given)
            except WitnessUnavailable:
                # Another one's checkpoint came first.
                await asyncio.sleep(0.01)

    issued = await asyncio.gather(*(issue(given) for given in wanted))
    assert sorted(each.leaf_index for each in issued) == list(range(12))
    for certificate in issued:
        assert await house.is_valid(certificate)


async def test_without_its_witness_it_waits(house: House):
    given = house.facts()
    house.witness.is_down = True
    with pytest.raises(WitnessUnavailable):
        await house.issuer.issue(given)
    with pytest.raises(CertificateNotFound):
        await house.issuer.get(given.tenant_id, given.request_id, given.number)
    # Everything else goes on.
    await house.log_something()
    house.witness.is_down = False
    assert await house.is_valid(await house.issuer.issue(given))


async def test_a_contradiction_is_not_even_logged(house: House):
    given = house.facts()
    with pytest.raises(CertificateRefused):
        await house.issuer.issue(replace(given, verification=replace(given.verification, hits=1)))
    async with house.ledger.read() as unit:
        assert await unit.audit_log.size() == 0


async def test_a_log_that_grows_starts(house: House):
    assert await house.start() == 0
    await house.issuer.issue(house.facts())
    await house.log_something()
    assert await house.start() == 0


async def test_without_a_witness_nothing_starts(house: House):
    house.witness.is_down = True
    with pytest.raises(WitnessUnavailable):
        await house.start()


async def test_an_older_state_is_brought_up_to_date_first(house: House, sqlite_settings: Settings, tmp_path: Path):
    await house.issuer.issue(house.facts())
    await house.ledger.close()
    shutil.copytree(sqlite_settings.state, tmp_path / "copy")
    given = house.facts()
    for tombstone in given.tombstones.key_ids:
        await house.keyring.create(house.tenant, tombstone)
    for _ in range(3):
        await house.log_something()
    certificate = await house.issuer.issue(given)
    await house.ledger.close()

    # Put back: in it, what was erased is there again.
    shutil.rmtree(sqlite_settings.state)
    shutil.copytree(tmp_path / "copy", sqlite_settings.state)
    with pytest.raises(WitnessUnavailable, match="behind"):
        await house.issuer.issue(house.facts())
    assert await house.start() >= 4
    assert set(given.tombstones.version_ids) <= set(house.removed)
    for key in given.tombstones.key_ids:
        with pytest.raises(KeyDestroyed):
            await house.keyring.get(house.tenant, key)
    async with house.ledger.read() as unit:
        assert await unit.suppressions.all(house.tenant) >= set(given.tombstones.tags)
    # The log goes on from where it was: the certificate of the lost part still verifies, and new ones are cosigned.
    assert await house.is_valid(certificate)
    assert await house.start() == 0
    assert await house.is_valid(await house.issuer.issue(house.facts()))


async def test_another_history_does_not_start(house: House, sqlite_settings: Settings, tmp_path: Path):
    await house.issuer.issue(house.facts())
    await house.ledger.close()
    shutil.copytree(sqlite_settings.state, tmp_path / "copy")
    for _ in range(3):
        await house.issuer.issue(house.facts())
    await house.ledger.close()
    shutil.rmtree(sqlite_settings.state)
    shutil.copytree(tmp_path / "copy", sqlite_settings.state)
    # Somebody wrote on before asking the witness: first fewer leaves than it saw, then more.
    await house.log_something()
    for _ in range(2):
        with pytest.raises(LogForked):
            await house.start()
        for _ in range(5):
            await house.log_something()
    with pytest.raises(LogForked):
        await house.issuer.issue(house.facts())
