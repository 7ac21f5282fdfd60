"""An erasure that is cancelled while nothing is destroyed, and what is hidden before that is decided."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from activities.privacy import PrivacyActivities
from lethe.adapters.fakes.witness import FakeWitness
from lethe.adapters.sql import SqlLedger
from lethe.contracts.erasure import ErasureRef
from lethe.errors import ErasureFenced, SubjectSuppressed
from lethe.model.erasures import ErasureBasis, ErasureItem, ErasureState, IdentifierKind, ItemState
from lethe.model.ids import new_id
from lethe.ports.ledger import UnitOfWork
from lethe.privacy.erasure.intake import ErasureWish
from lethe.privacy.sealing import Purpose, seal_text
from tests.contract.ledger_rows import NOON, question
from tests.unit.certificates.issuers import issuer
from tests.unit.erasing.driving import Drive
from tests.unit.erasing.standins import Flight
from tests.unit.erasing.world import ADA, BOB, EVE, ErasingWorld

LIKE_ADA = f"Ada {ADA}"
"""Somebody whom the request names only within another identifier: discovery finds what is linked to them."""


async def _live(world: ErasingWorld, number: int, text: str, *people: str) -> Flight:
    flight = await world.upload(number, text, *people)
    assert flight
    await world.fly(flight)
    assert flight.is_live
    return flight


async def _texts(world: ErasingWorld) -> list[str]:
    return sorted(text for _, text, *_ in (await world.served()).values())


async def _until(drive: Drive, name: str) -> None:
    while (stop := await drive.reached()) and stop.name != name:
        await drive.step()
    assert not drive.is_over


async def _cancel(world: ErasingWorld, drive: Drive) -> None:
    for _ in range(2):
        cancelled = await world.erasures.cancel(world.admin, drive.ref.erasure_id)
        assert cancelled.request.state is ErasureState.CANCELLED
    drive.tell()
    for _ in range(20):
        if drive.is_over:
            break
        await drive.step()
    assert drive.is_over


async def _begin_by_name(world: ErasingWorld) -> Drive:
    named = ((IdentifierKind.NAME, "Ada Lovelace"), (IdentifierKind.EMAIL, ADA))
    erasure_id = new_id()
    await world.erasures.begin(world.admin, ErasureWish(named, ErasureBasis.SUBJECT_REQUEST, "asked"), erasure_id)
    ref = ErasureRef(tenant_id=world.tenant_id, erasure_id=erasure_id)
    return Drive(world.activities, ref, world.clock)


async def test_what_only_discovery_finds_is_hidden_while_something_else_is_looked_at(world: ErasingWorld) -> None:
    await _live(world, 0, "Her engine.", LIKE_ADA)
    await _live(world, 1, "By Ada Lovelacce.")
    drive = await _begin_by_name(world)
    await _until(drive, "discover_subject")
    assert await _texts(world) == ["By Ada Lovelacce.", "Her engine."], "the control: no identifier stands in it"
    await drive.step()
    assert (await world.request(drive.ref)).state is ErasureState.IN_REVIEW
    assert await _texts(world) == ["By Ada Lovelacce."]
    await _cancel(world, drive)
    assert await _texts(world) == ["By Ada Lovelacce.", "Her engine."]


async def test_whoever_goes_on_asking_does_not_keep_it_from_its_end(world: ErasingWorld) -> None:
    await _live(world, 0, "Her engine.", ADA)
    drive = Drive(world.activities, await world.erase(ADA), world.clock)
    await _until(drive, "quiet_ingestions")
    for _ in range(4):
        await drive.step()
    late = replace(question(world.tenant_id), created_at=world.clock.now())
    key = await world.pipeline.keyring.create(world.tenant_id, late.id)
    late = replace(late, sealed_request=seal_text(key, Purpose.QUESTION, f"Where is {ADA}?"))
    async with world.ledger.write() as uow:
        await uow.questions.add(late)
    await _until(drive, "purge_stores")
    assert drive.drained == 1
    async with world.ledger.read() as uow:
        assert await uow.questions.get(world.tenant_id, late.id) is None
    assert await world.pipeline.keyring.get_many(world.tenant_id, [late.id]) == {}


@pytest.mark.parametrize("until", ["look_at_erasure", "discover_subject", "rewrite_shared"])
async def test_cancelled_while_nothing_is_destroyed_everything_is_as_before(world: ErasingWorld, until: str) -> None:
    await _live(world, 0, "Her engine.", ADA)
    await _live(world, 1, f"A letter to {ADA}.")
    await _live(world, 2, "Hers, by another name.", LIKE_ADA)
    before = await _texts(world)
    drive = Drive(world.activities, await world.erase(ADA), world.clock)
    assert await _texts(world) != before
    await _until(drive, until)
    if until == "rewrite_shared":
        with pytest.raises(ErasureFenced):
            await world.erasures.cancel(world.admin, drive.ref.erasure_id)
        return
    await _cancel(world, drive)
    assert await _texts(world) == before
    async with world.ledger.read() as uow:
        assert await uow.erasures.items(world.tenant_id, drive.ref.erasure_id) == []
        assert await uow.suppressions.all(world.tenant_id) == frozenset()
    assert await world.pipeline.keyring.get_many(world.tenant_id, [drive.ref.erasure_id]) == {}
    assert await world.upload(0, "Her engine.", ADA) is None, "it is the document of its source again, unchanged"
    await _live(world, 3, f"Another letter to {ADA}.", ADA)


async def test_what_another_fence_hides_stays_hidden(world: ErasingWorld) -> None:
    await _live(world, 0, "Their engine.", ADA)
    await _live(world, 1, "His pump.", BOB)
    first, second = await world.erase(ADA), await world.erase(ADA, BOB)
    await world.erasures.cancel(world.admin, first.erasure_id)
    assert await _texts(world) == []
    with pytest.raises(SubjectSuppressed):
        await world.upload(2, "Again.", ADA)
    await world.erasures.cancel(world.admin, second.erasure_id)
    assert await _texts(world) == ["His pump.", "Their engine."]
    await _live(world, 2, "Again.", ADA)


async def test_who_was_erased_before_does_not_come_back_by_a_cancelled_request(world: ErasingWorld) -> None:
    first = await world.erase(EVE)
    async with world.ledger.write() as uow:
        tags = await uow.suppressions.all(world.tenant_id)
    await world.erasures.cancel(world.admin, first.erasure_id)
    async with world.ledger.write() as uow:
        await uow.suppressions.put(world.tenant_id, tags, world.clock.now().date())
    await world.erasures.cancel(world.admin, (await world.erase(EVE)).erasure_id)
    async with world.ledger.read() as uow:
        assert await uow.suppressions.all(world.tenant_id) == tags


async def test_a_source_that_has_sent_another_one_keeps_that(world: ErasingWorld) -> None:
    await _live(world, 0, "Her engine.", ADA)
    ref = await world.erase(ADA)
    await _live(world, 0, "The pump.")
    await world.erasures.cancel(world.admin, ref.erasure_id)
    assert await _texts(world) == ["Her engine.", "The pump."]
    await _live(world, 0, "A better pump.")
    assert await _texts(world) == ["A better pump.", "Her engine."]


async def test_whom_another_request_has_erased_stays_suppressed(world: ErasingWorld) -> None:
    await _live(world, 0, "Her engine.", ADA)
    held = await world.erase(ADA)
    await world.erasures.hold(world.admin, held.erasure_id, "court")
    issuing = issuer(world.ledger, world.clock, FakeWitness())

    def activities() -> PrivacyActivities:
        made = world.activities()
        return replace(made, certifying=replace(made.certifying, issuer=issuing))

    drive = Drive(activities, await world.erase(ADA), world.clock)
    while (stop := await drive.reached()) and stop.name != "certify_erasure":
        await world.build_on()
        await drive.step()
    assert stop
    await stop.go()
    assert (await world.request(drive.ref)).state is ErasureState.CERTIFIED
    await world.erasures.cancel(world.admin, held.erasure_id)
    with pytest.raises(SubjectSuppressed):
        await world.upload(1, "Again.", ADA)


@pytest.mark.parametrize(
    "told", [{"rounds": 2}, {"deleted_at": NOON}, {"certified_at": NOON}, {"erasing_at": NOON}, {}]
)
async def test_what_has_begun_to_destroy_is_not_cancelled_whatever_its_state(
    world: ErasingWorld, told: dict[str, Any]
) -> None:
    ref = await world.erase(ADA)
    request = replace(await world.request(ref), state=ErasureState.DISCOVERING, **told)
    async with world.ledger.write() as uow:
        await uow.erasures.update(request)
        if not told:
            erased = ErasureItem(
                world.tenant_id, ref.erasure_id, "keys", "key", new_id(), ItemState.ERASED, "found", 1, NOON
            )
            await uow.erasures.put_items([erased])
    with pytest.raises(ErasureFenced):
        await world.erasures.cancel(world.admin, ref.erasure_id)


async def _in_review(world: ErasingWorld, drive: Drive) -> None:
    await _until(drive, "discover_subject")
    await drive.step()
    assert (await world.request(drive.ref)).state is ErasureState.IN_REVIEW


async def test_of_two_documents_of_one_source_the_newer_is_its_own_again(world: ErasingWorld) -> None:
    await _live(world, 0, "Her engine.", ADA)
    await _live(world, 1, "By Ada Lovelacce.")
    drive = await _begin_by_name(world)
    await _live(world, 0, "Her pump.", LIKE_ADA)
    await _in_review(world, drive)
    assert await _texts(world) == ["By Ada Lovelacce."], "the control: both are hidden"
    await _cancel(world, drive)
    assert await _texts(world) == ["By Ada Lovelacce.", "Her engine.", "Her pump."]
    assert await world.upload(0, "Her pump.", LIKE_ADA) is None


async def test_what_is_hidden_while_it_is_cancelled_is_its_sources_again(world: ErasingWorld) -> None:
    await _live(world, 0, "Her engine.", LIKE_ADA)
    await _live(world, 1, "By Ada Lovelacce.")
    drive = await _begin_by_name(world)
    await _until(drive, "discover_subject")
    ledger = world.ledger
    assert isinstance(ledger, SqlLedger)
    write = ledger.write

    @asynccontextmanager
    async def hidden_first() -> AsyncGenerator[UnitOfWork]:
        ledger.__dict__.pop("write")
        await _in_review(world, drive)
        async with write() as uow:
            yield uow

    ledger.__dict__["write"] = hidden_first
    await _cancel(world, drive)
    assert await _texts(world) == ["By Ada Lovelacce.", "Her engine."]
    assert await world.upload(0, "Her engine.", LIKE_ADA) is None
