"""What was found, and restricted or held before it was taken out: it stays, is told, and goes after its release."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import pytest_asyncio

from lethe.contracts.erasure import ErasureRef, ErasureRound
from lethe.ingestion.documents import Documents
from lethe.ingestion.restricting import Restrictions
from lethe.model.blobs import blob_prefix
from lethe.model.documents import Document, Version
from lethe.model.erasures import ErasureState, ItemState
from lethe.model.ids import new_id
from lethe.model.personal_data import ItemKind
from lethe.model.principals import Caller, Role
from lethe.ports.ledger import Ledger
from lethe.privacy.erasure.intake import Erasures
from lethe.privacy.erasure.manifest import Manifest
from lethe.privacy.erasure.stores.documents import RESTRICTED
from lethe.settings import Settings
from tests.contract.ledger_rows import NOON
from tests.integration.erasures import ADA, BOB, Scene, make_scene
from tests.unit.certificates.issuers import issuer


@pytest_asyncio.fixture
async def scene(ledger: Ledger, sql_settings: Settings) -> Scene:
    return await make_scene(ledger, sql_settings)


def _caller(scene: Scene) -> Caller:
    return Caller(scene.tenant_id, new_id(), Role.ADMIN, frozenset())


async def _restrict(scene: Scene, row: Document) -> None:
    await Restrictions(scene.ledger, scene.clock).restrict(_caller(scene), row.id, "litigation")


async def _release(scene: Scene, row: Document) -> None:
    await Restrictions(scene.ledger, scene.clock).release(_caller(scene), row.id)


async def _is_whole(scene: Scene, version: Version) -> bool:
    keys = await scene.keyring.get_many(scene.tenant_id, [version.id])
    async with scene.ledger.read() as unit:
        rows = await unit.personal.count(scene.tenant_id, ItemKind.VERSION, [version.id])
    blobs = await scene.blobs.leftovers(blob_prefix(scene.tenant_id, version.id))
    assert len({bool(keys), bool(rows), bool(blobs)}) == 1
    return bool(rows)


async def _exclusions(scene: Scene, ref: ErasureRef, number: int) -> set[tuple[str, str]]:
    found = await issuer(scene.ledger, scene.clock, scene.witness).get(ref.tenant_id, ref.erasure_id, number)
    return {(each["store"], each["reason"]) for each in json.loads(found.text)["body"]["exclusions"]}


async def _certified(scene: Scene, ref: ErasureRef) -> None:
    assert not await scene.open_items(ref)
    await scene.purge(ref)
    assert (await scene.certify(ref)).is_certified


async def _again(scene: Scene, ref: ErasureRef) -> None:
    """As the workflow goes on with a request that is open again, to its end."""
    scene.clock.advance(timedelta(days=1))
    standing = await scene.activities.look_at_erasure(ref)
    assert (await scene.discover(ref, standing.round)).found
    await scene.take_out(ref, standing.round)
    assert not (await scene.discover(ref, standing.round + 1)).found
    await _certified(scene, ref)
    async with scene.ledger.read() as unit:
        assert await unit.erasures.items(scene.tenant_id, ref.erasure_id, states=[ItemState.HELD]) == []


async def _replaced(scene: Scene) -> tuple[Document, Version]:
    """A document of somebody else's, with a version of before that names the person."""
    row, hers = await scene.add(ADA)
    async with scene.ledger.write() as unit:
        await unit.versions.update(replace(hers, live_until=2))
    after = await scene.add_version(row, BOB, live_from=2, submission=3)
    row = replace(row, live_version_id=after.id, live_submission=3, next_submission=4)
    async with scene.ledger.write() as unit:
        await unit.documents.update(row)
    return row, hers


async def test_a_version_whose_document_is_restricted_after_it_was_found_stays_until_the_release(scene: Scene) -> None:
    row, hers = await _replaced(scene)
    ref = await scene.ask(accepted_at=NOON, fenced_at=NOON)
    assert (await scene.discover(ref)).found
    await _restrict(scene, row)
    await scene.take_out(ref)
    assert await _is_whole(scene, hers)
    assert not (await scene.discover(ref, 2)).found
    await _certified(scene, ref)
    assert await _is_whole(scene, hers)
    assert ("documents", "legal_hold") in await _exclusions(scene, ref, 0)
    await _release(scene, row)
    assert await scene.state(ref) is ErasureState.REOPENED
    await _again(scene, ref)
    assert not await _is_whole(scene, hers)
    assert await _exclusions(scene, ref, 1) == set()


async def test_a_document_that_is_restricted_while_it_is_being_found_stays_until_the_release(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, hers = await scene.add(ADA)
    ref = await scene.ask(accepted_at=NOON, fenced_at=NOON)
    writing = Manifest.write

    async def write(*given: object) -> None:
        monkeypatch.setattr(Manifest, "write", writing)
        await _restrict(scene, row)
        await writing(*given)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(Manifest, "write", write)
    assert (await scene.discover(ref)).found
    await scene.take_out(ref)
    assert await _is_whole(scene, hers)
    assert not (await scene.discover(ref, 2)).found
    await _certified(scene, ref)
    assert ("documents", "legal_hold") in await _exclusions(scene, ref, 0)
    await _release(scene, row)
    await _again(scene, ref)
    assert not await _is_whole(scene, hers)
    assert await _exclusions(scene, ref, 1) == set()


async def _deleted(scene: Scene, row: Document) -> None:
    await Documents(scene.ledger, scene.keyring, scene.clock).delete(_caller(scene), row.id)
    await scene.remover.remove_deleted(scene.tenant_id, [row.id], scene.clock.now())


async def test_what_was_spared_is_held_no_longer_when_its_document_was_deleted_instead(scene: Scene) -> None:
    row, hers = await _replaced(scene)
    ref = await scene.ask(accepted_at=NOON, fenced_at=NOON)
    await scene.discover(ref)
    await _restrict(scene, row)
    await scene.take_out(ref)
    assert not (await scene.discover(ref, 2)).found
    await _certified(scene, ref)
    await _deleted(scene, row)
    assert not await _is_whole(scene, hers)
    await _again(scene, ref)
    assert await _exclusions(scene, ref, 1) == set()


async def test_a_document_of_others_too_that_is_restricted_before_it_is_rewritten_waits_for_its_release(
    scene: Scene,
) -> None:
    row, shared = await scene.add(ADA, BOB)
    ref = await scene.ask(accepted_at=NOON, fenced_at=NOON)
    assert (await scene.discover(ref)).is_shared
    await _restrict(scene, row)
    assert not (await scene.activities.rewrite_shared(ErasureRound(**ref.model_dump(), round=1))).waiting
    await scene.take_out(ref)
    assert not (await scene.discover(ref, 2)).found
    async with scene.ledger.read() as unit:
        held = await unit.erasures.items(scene.tenant_id, ref.erasure_id, states=[ItemState.HELD])
    assert {(each.ref, each.code) for each in held} == {(shared.id, RESTRICTED)}
    await _certified(scene, ref)
    assert await _exclusions(scene, ref, 0) == {("documents", "legal_hold")}
    await _release(scene, row)
    assert await scene.state(ref) is ErasureState.REOPENED
    assert (await scene.discover(ref, 3)).is_shared


async def test_what_a_hold_keeps_is_held_no_longer_when_an_officer_deletes_it(scene: Scene) -> None:
    row, hers = await scene.add(ADA)
    first = await scene.ask()
    erasures = Erasures(scene.ledger, scene.keyring, scene.clock, scene.settings.erasure)
    await erasures.hold(_caller(scene), first.erasure_id, "litigation")
    ref = await scene.ask(accepted_at=NOON, fenced_at=NOON)
    await scene.erase(ref)
    await _certified(scene, ref)
    await _deleted(scene, row)
    assert not await _is_whole(scene, hers)
    await _again(scene, ref)
    assert await _exclusions(scene, ref, 1) == set()


@pytest.mark.parametrize("ends", ["release", "cancel"])
async def test_a_hold_keeps_what_another_request_is_about_to_erase(scene: Scene, ends: str) -> None:
    _, hers = await scene.add(ADA)
    first = await scene.ask()
    erasures = Erasures(scene.ledger, scene.keyring, scene.clock, scene.settings.erasure)
    await erasures.hold(_caller(scene), first.erasure_id, "litigation")
    ref = await scene.ask(accepted_at=NOON, fenced_at=NOON)
    await scene.erase(ref)
    assert await _is_whole(scene, hers)
    await _certified(scene, ref)
    assert await _exclusions(scene, ref, 0) == {("documents", "legal_hold")}
    how: Callable[[Caller, str], Awaitable[object]] = getattr(erasures, ends)
    await how(_caller(scene), first.erasure_id)
    assert await scene.state(ref) is ErasureState.REOPENED
    await _again(scene, ref)
    assert not await _is_whole(scene, hers)
