"""What an erasure must not take, or not yet: what is served, restricted, held, or needs a second principal."""

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from lethe.contracts.erasure import ErasureRef, ErasureRound, StoreStep
from lethe.errors import KeyDestroyed
from lethe.ingestion.removal import VersionRemover
from lethe.model.blobs import blob_prefix
from lethe.model.documents import Status, Version
from lethe.model.erasures import ErasureState, ItemState
from lethe.model.ids import new_id
from lethe.model.ingestions import Ingestion, IngestionState
from lethe.model.personal_data import ItemKind, StoreName
from lethe.model.principals import Caller, Role
from lethe.ports.ledger import Ledger
from lethe.privacy.erasure import manifest
from lethe.privacy.erasure.intake import Erasures
from lethe.privacy.erasure.stores.documents import RESTRICTED, SHARED
from lethe.privacy.erasure.stores.sealed_rows import UNREAD
from lethe.privacy.retention import restart_erasures
from lethe.privacy.sealing import Purpose, seal_json
from lethe.settings import Settings
from tests.contract.ledger_rows import NOON, chunks
from tests.integration.erasures import ADA, BOB, Scene, make_scene


@pytest_asyncio.fixture
async def scene(ledger: Ledger, sql_settings: Settings) -> Scene:
    return await make_scene(ledger, sql_settings)


async def _is_whole(scene: Scene, version: Version) -> bool:
    """Whether the version has its key, its rows, its bytes, and its objects in every build."""
    ids = [each.id for each in chunks(version, 2)]
    for build in scene.builds:
        index = scene.index if build.kind == "vector" else scene.keywords
        if len(await index.present(build, ids)) < len(ids):
            return False
    async with scene.ledger.read() as unit:
        rows = await unit.personal.count(scene.tenant_id, ItemKind.VERSION, [version.id])
    blobs = await scene.blobs.leftovers(blob_prefix(scene.tenant_id, version.id))
    return bool(rows and blobs and await _has_key(scene, version))


async def _has_key(scene: Scene, version: Version) -> bool:
    return bool(await scene.keyring.get_many(scene.tenant_id, [version.id]))


async def test_a_shared_version_that_names_nobody_any_more_keeps_its_key_while_it_is_served(scene: Scene) -> None:
    _, shared = await scene.add(ADA, BOB)
    ref = await scene.ask()
    await scene.discover(ref)
    await scene.take_out(ref)
    async with scene.ledger.write() as unit:
        await unit.subjects.unlink(scene.tenant_id, shared.id)
    again = await scene.discover(ref, 2)
    assert (again.found, again.again) == (0, 0)
    await scene.take_out(ref, 2)
    assert await _is_whole(scene, shared)


async def _went_live_after_it_was_found(scene: Scene, *people: str, status: Status) -> tuple[ErasureRef, Version]:
    """A version that names them takes the place of one of somebody else's between discovery and withdrawal."""
    row, coming = await scene.add(*people, live=False, status=status)
    before = await scene.add_version(row, BOB, live_from=1, submission=0)
    async with scene.ledger.write() as unit:
        await unit.documents.update(replace(row, live_version_id=before.id))
    ref = await scene.ask()
    await scene.discover(ref)
    async with scene.ledger.write() as unit:
        await unit.documents.update(replace(row, live_version_id=coming.id))
        await unit.versions.update(replace(before, live_until=2))
        await unit.versions.update(replace(coming, live_from=2, status=Status.READY))
    await scene.take_out(ref)
    assert await _is_whole(scene, coming)
    return ref, coming


async def test_a_version_that_goes_live_after_it_was_found_waits_for_the_next_round(scene: Scene) -> None:
    ref, coming = await _went_live_after_it_was_found(scene, ADA, status=Status.PARSING)
    assert (await scene.discover(ref, 2)).found
    await scene.take_out(ref, 2)
    assert not await _has_key(scene, coming)


async def test_a_failed_version_of_others_too_that_goes_live_after_it_was_found_is_rewritten(scene: Scene) -> None:
    ref, coming = await _went_live_after_it_was_found(scene, ADA, BOB, status=Status.FAILED)
    found = await scene.discover(ref, 2)
    assert found.found
    assert found.is_shared
    async with scene.ledger.read() as unit:
        held = await unit.erasures.items(scene.tenant_id, ref.erasure_id, states=[ItemState.HELD])
    assert SHARED in {each.code for each in held if (each.store, each.ref) == (StoreName.DOCUMENTS, coming.id)}


async def test_a_hold_is_asked_for_before_each_page_of_a_store(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    versions = [(await scene.add(ADA))[1].id for _ in range(3)]
    ref = await scene.ask()
    await scene.discover(ref)
    monkeypatch.setattr(manifest, "PAGE", 1)
    destroying = scene.keyring.destroy

    async def destroy(tenant_id: str, key_ids: Collection[str]) -> int:
        await _set(scene, ref.erasure_id, ErasureState.HELD)
        return await destroying(tenant_id, key_ids)

    monkeypatch.setattr(scene.keyring, "destroy", destroy)
    step = StoreStep(**ref.model_dump(), round=1, store=StoreName.KEYS.value)
    assert (await scene.activities.erase_store(step)).is_held
    assert len(await scene.keyring.get_many(scene.tenant_id, versions)) == 2


async def test_a_hold_during_the_last_step_of_all_is_no_dead_end(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    await scene.add(ADA)
    ref = await scene.ask(accepted_at=NOON, fenced_at=NOON)
    await scene.discover(ref)
    removing = VersionRemover.remove_deleted

    async def remove(*given: Any) -> object:
        monkeypatch.setattr(VersionRemover, "remove_deleted", removing)
        await _set(scene, ref.erasure_id, ErasureState.HELD)
        return await removing(*given)

    monkeypatch.setattr(VersionRemover, "remove_deleted", remove)
    steps = await scene.take_out(ref)
    assert [each.store for each in steps if each.is_held] == [StoreName.DOCUMENTS.value]
    erasures = Erasures(scene.ledger, scene.keyring, scene.clock, scene.settings.erasure)
    await erasures.release(Caller(scene.tenant_id, new_id(), Role.ADMIN, frozenset()), ref.erasure_id)
    again = await scene.activities.erase_store(StoreStep(**ref.model_dump(), round=1, store=StoreName.DOCUMENTS.value))
    assert not again.is_held
    assert await scene.state(ref) is ErasureState.DELETED
    assert not (await scene.discover(ref, 2)).found
    await scene.purge(ref)
    assert (await scene.certify(ref)).is_certified


async def test_a_restricted_document_keeps_everything_until_its_release(scene: Scene) -> None:
    row, hers = await scene.add(ADA)
    async with scene.ledger.write() as unit:
        await unit.documents.update(replace(row, restricted_at=NOON, restriction_reason="litigation"))
    ref = await scene.ask()
    await scene.erase(ref)
    assert await _is_whole(scene, hers)
    async with scene.ledger.read() as unit:
        held = await unit.erasures.items(scene.tenant_id, ref.erasure_id, states=[ItemState.HELD])
    assert {(each.ref, each.code) for each in held} == {(row.id, RESTRICTED), (hers.id, RESTRICTED)}
    async with scene.ledger.write() as unit:
        await unit.documents.update(row)
    assert (await scene.discover(ref, 3)).found
    await scene.take_out(ref, 3)
    assert not await _has_key(scene, hers)


async def test_more_than_was_linked_waits_for_a_second_principal_before_anything_goes(scene: Scene) -> None:
    erasing = scene.settings.erasure.model_copy(update={"approval_documents": 1})
    scene.settings = scene.settings.model_copy(update={"erasure": erasing})
    written = [(await scene.add(text=f"Write to {ADA}."))[1] for _ in range(2)]
    ref = await scene.ask(fenced_at=NOON)
    assert (await scene.discover(ref)).is_held
    assert all(each.is_held for each in await scene.take_out(ref))
    assert (await scene.activities.look_at_erasure(ref)).waits_for == "approval"
    assert await scene.open_items(ref) == 0
    erasures = Erasures(scene.ledger, scene.keyring, scene.clock, erasing)
    caller = Caller(scene.tenant_id, new_id(), Role.ADMIN, frozenset())
    approved = await erasures.approve(caller, ref.erasure_id)
    assert (approved.request.state, approved.request.approved_by) == (ErasureState.FENCED, caller.principal_id)
    assert (await scene.discover(ref)).kept == len(written)
    assert await scene.state(ref) is ErasureState.ERASING


async def _set(scene: Scene, erasure_id: str, state: ErasureState) -> None:
    async with scene.ledger.write() as unit:
        await unit.tenants.lock(scene.tenant_id)
        request = await unit.erasures.get(scene.tenant_id, erasure_id)
        assert request
        await unit.erasures.update(replace(request, state=state, held_from=request.state))


async def test_a_document_that_cannot_be_rewritten_stays_held_with_the_code(scene: Scene) -> None:
    _, shared = await scene.add(ADA, BOB)
    ref = await scene.ask()
    await scene.discover(ref)
    await scene.keyring.destroy(scene.tenant_id, [shared.id])
    rewritten = await scene.activities.rewrite_shared(ErasureRound(**ref.model_dump(), round=1))
    assert rewritten.waiting == 0
    async with scene.ledger.read() as unit:
        held = await unit.erasures.items(scene.tenant_id, ref.erasure_id, states=[ItemState.HELD])
    assert [(each.ref, each.code) for each in held] == [(shared.id, KeyDestroyed.code)]


async def test_an_erasure_without_an_end_is_started_again(scene: Scene) -> None:
    ref = await scene.ask()
    ended = await scene.ask(ended_at=NOON)
    async with scene.ledger.read() as unit:
        asked = await unit.erasures.get(ref.tenant_id, ref.erasure_id)
    assert asked
    assert await restart_erasures(scene.ledger, NOON) == asked.created_at
    async with scene.ledger.read() as unit:
        pending = await unit.dispatches.pending(NOON + timedelta(seconds=1), 10)
    own = [each for each in pending if each.ref in {ref.erasure_id, ended.erasure_id}]
    assert [(each.ref, each.again) for each in own] == [(ref.erasure_id, True)]


async def test_a_question_that_may_mean_somebody_else_stays(scene: Scene) -> None:
    alike, hers = await scene.question("Who is ada.lovelace?"), await scene.question(f"Who is {ADA}?")
    ref = await scene.ask()
    await scene.erase(ref)
    async with scene.ledger.read() as unit:
        assert await unit.questions.get(scene.tenant_id, alike.id) is not None
        assert await unit.questions.get(scene.tenant_id, hers.id) is None


async def test_what_was_said_of_an_archive_stays_until_that_is_read(scene: Scene) -> None:
    """Its key opens others' documents, too."""
    made = Ingestion(
        scene.tenant_id, new_id(), new_id(), Role.WRITER, (), IngestionState.RUNNING, 1, NOON, NOON, archive_key="a"
    )
    key = await scene.keyring.create(scene.tenant_id, made.id)
    made = replace(made, sealed_options=seal_json(key, Purpose.OPTIONS, {"metadata": {"from": ADA}}))
    async with scene.ledger.write() as unit:
        await unit.ingestions.add(made)
    ref = await scene.ask()
    await scene.discover(ref)
    await scene.take_out(ref)
    assert await scene.keyring.get(scene.tenant_id, made.id) == key
    async with scene.ledger.read() as unit:
        held = await unit.erasures.items(scene.tenant_id, ref.erasure_id, states=[ItemState.HELD])
    assert [(each.ref, each.code) for each in held] == [(made.id, UNREAD)]
    async with scene.ledger.write() as unit:
        await unit.ingestions.set_state(scene.tenant_id, made.id, IngestionState.CANCELLED, NOON)
    assert (await scene.discover(ref, 2)).found
    await scene.take_out(ref, 2)
    assert await scene.keyring.get_many(scene.tenant_id, [made.id]) == {}
