"""What is restricted, held or released in the moment in which an erasure decides on it: nothing of that is lost."""

from dataclasses import replace

import pytest
import pytest_asyncio

from lethe.contracts.erasure import ErasureRef, ErasureRound, StoreStep
from lethe.errors import Forbidden
from lethe.ingestion.restricting import Restrictions
from lethe.ingestion.rewriting import Rewriting
from lethe.model.documents import Document
from lethe.model.erasures import ErasureState, ItemState
from lethe.model.ids import new_id
from lethe.model.personal_data import StoreName
from lethe.model.principals import Caller, Role
from lethe.ports.ledger import Ledger
from lethe.privacy.erasure.intake import Erasures
from lethe.privacy.erasure.manifest import Manifest
from lethe.privacy.erasure.stores.documents import RESTRICTED
from lethe.privacy.holds import holds_in
from lethe.settings import Settings
from tests.contract.ledger_rows import NOON, chunks, citation
from tests.integration.erasures import ADA, BOB, Scene, make_scene
from workflows.erasure_order import DELETION_ORDER


@pytest_asyncio.fixture
async def scene(ledger: Ledger, sql_settings: Settings) -> Scene:
    return await make_scene(ledger, sql_settings)


def _caller(scene: Scene) -> Caller:
    return Caller(scene.tenant_id, new_id(), Role.ADMIN, frozenset())


def _restrictions(scene: Scene) -> Restrictions:
    return Restrictions(scene.ledger, scene.clock)


async def _restrict(scene: Scene, row: Document) -> None:
    await _restrictions(scene).restrict(_caller(scene), row.id, "litigation")


async def _held(scene: Scene, ref: ErasureRef) -> set[tuple[str, str]]:
    async with scene.ledger.read() as unit:
        held = await unit.erasures.items(scene.tenant_id, ref.erasure_id, states=[ItemState.HELD])
    return {(each.ref, each.code) for each in held}


async def test_a_release_between_a_look_and_its_being_written_down_is_not_lost(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    await scene.add(ADA)
    ref = await scene.ask(accepted_at=NOON, fenced_at=NOON)
    await scene.discover(ref)
    await scene.take_out(ref)
    late, hers = await scene.add(ADA)
    await _restrict(scene, late)
    writing = Manifest.write

    async def write(*given: object) -> None:
        monkeypatch.setattr(Manifest, "write", writing)
        await _restrictions(scene).release(_caller(scene), late.id)
        await writing(*given)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(Manifest, "write", write)
    assert not (await scene.discover(ref, 2)).found
    async with scene.ledger.read() as unit:
        shown = await unit.documents.get(scene.tenant_id, late.id)
    assert shown
    assert shown.fenced_at is not None
    await scene.purge(ref)
    assert (await scene.certify(ref)).is_certified
    assert await scene.state(ref) is ErasureState.REOPENED
    assert (await scene.discover(ref, 3)).found
    await scene.take_out(ref, 3)
    assert await scene.keyring.get_many(scene.tenant_id, [hers.id]) == {}


async def test_a_document_that_is_restricted_while_it_is_written_anew_waits_for_its_release(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, shared = await scene.add(ADA, BOB)
    ref = await scene.ask(accepted_at=NOON, fenced_at=NOON)
    assert (await scene.discover(ref)).is_shared

    async def begin(*_: object) -> None:
        await _restrict(scene, row)
        raise Forbidden("restricted")

    monkeypatch.setattr(Rewriting, "_begin", begin)
    assert not (await scene.activities.rewrite_shared(ErasureRound(**ref.model_dump(), round=1))).waiting
    assert await _held(scene, ref) == {(shared.id, RESTRICTED)}


async def _replaced(scene: Scene) -> tuple[Document, str]:
    """A document of somebody else's, with a version of before that names the person."""
    row, hers = await scene.add(ADA)
    async with scene.ledger.write() as unit:
        await unit.versions.update(replace(hers, live_until=2))
    after = await scene.add_version(row, BOB, live_from=2, submission=3)
    row = replace(row, live_version_id=after.id, live_submission=3, next_submission=4)
    async with scene.ledger.write() as unit:
        await unit.documents.update(row)
    return row, hers.id


@pytest.mark.parametrize("is_held", [False, True], ids=["restricted", "held"])
async def test_what_is_kept_after_the_ingestions_have_ended_and_before_its_key_goes_stays(
    scene: Scene, is_held: bool
) -> None:
    row, hers = await _replaced(scene)
    first = await scene.ask()
    await scene.discover(first)
    ref = await scene.ask(accepted_at=NOON, fenced_at=NOON)
    await scene.discover(ref)
    now = ErasureRound(**ref.model_dump(), round=1)
    await scene.activities.quiet_ingestions(now)
    if is_held:
        erasures = Erasures(scene.ledger, scene.keyring, scene.clock, scene.settings.erasure)
        await erasures.hold(_caller(scene), first.erasure_id, "litigation")
    else:
        await _restrict(scene, row)
    for store in (StoreName.KEYS, *DELETION_ORDER):
        await scene.activities.erase_store(StoreStep(**now.model_dump(), store=store.value))
    assert await scene.keyring.get_many(scene.tenant_id, [hers])
    assert (hers, RESTRICTED) in await _held(scene, ref)
    assert not (await scene.discover(ref, 2)).found


async def test_a_question_about_what_is_restricted_after_it_was_found_stays_with_it(scene: Scene) -> None:
    row, hers = await _replaced(scene)
    question = await scene.question()
    async with scene.ledger.read() as unit:
        found = await unit.versions.get(scene.tenant_id, hers)
    assert found
    await scene.answer(question, citation(1, chunks(found, 1)[0]))
    ref = await scene.ask(accepted_at=NOON, fenced_at=NOON)
    await scene.discover(ref)
    await _restrict(scene, row)
    await scene.take_out(ref)
    assert not (await scene.discover(ref, 2)).found
    assert await scene.keyring.get_many(scene.tenant_id, [question.id])
    assert (question.id, RESTRICTED) in await _held(scene, ref)
    await _restrictions(scene).release(_caller(scene), row.id)
    assert (await scene.discover(ref, 3)).found
    await scene.take_out(ref, 3)
    assert not await scene.keyring.get_many(scene.tenant_id, [question.id])
    assert await _held(scene, ref) == set()


async def test_a_hold_that_comes_while_it_is_looked_keeps_what_was_found(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, hers = await scene.add(ADA)
    ref = await scene.ask(accepted_at=NOON, fenced_at=NOON)
    writing = Manifest.write

    async def write(*given: object) -> None:
        erasures = Erasures(scene.ledger, scene.keyring, scene.clock, scene.settings.erasure)
        await erasures.hold(_caller(scene), ref.erasure_id, "litigation")
        await writing(*given)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(Manifest, "write", write)
    assert (await scene.discover(ref)).is_held
    assert await scene.state(ref) is ErasureState.HELD
    async with scene.ledger.read() as unit:
        found = {each.ref for each in await unit.erasures.items(scene.tenant_id, ref.erasure_id)}
        holds = await holds_in(unit, scene.tenant_id)
    assert {row.id, hers.id} <= found
    assert row.id in holds.documents
