"""What goes as a whole as soon as nothing keeps it any more: it is hidden in the commit that ends what kept it."""

from dataclasses import replace

import pytest
import pytest_asyncio

from lethe.contracts.erasure import ErasureRef
from lethe.ingestion.restricting import Restrictions
from lethe.model.documents import Document
from lethe.model.erasures import ErasureState, ItemState
from lethe.model.ids import new_id
from lethe.model.personal_data import ItemKind
from lethe.model.principals import Caller, Role
from lethe.ports.ledger import Ledger
from lethe.privacy.erasure.fencing import hide
from lethe.privacy.erasure.intake import Erasures
from lethe.privacy.erasure.manifest import Manifest
from lethe.privacy.erasure.stores.documents import RESTRICTED, UNRESTRICTED
from lethe.settings import Settings
from tests.contract.ledger_rows import NOON
from tests.integration.erasures import ADA, BOB, Scene, make_scene


@pytest_asyncio.fixture
async def scene(ledger: Ledger, sql_settings: Settings) -> Scene:
    return await make_scene(ledger, sql_settings)


def _caller(scene: Scene) -> Caller:
    return Caller(scene.tenant_id, new_id(), Role.ADMIN, frozenset())


def _erasures(scene: Scene) -> Erasures:
    return Erasures(scene.ledger, scene.keyring, scene.clock, scene.settings.erasure)


def _restrictions(scene: Scene) -> Restrictions:
    return Restrictions(scene.ledger, scene.clock)


async def _is_shown(scene: Scene, row: Document) -> bool:
    async with scene.ledger.read() as unit:
        found = await unit.documents.get(scene.tenant_id, row.id)
    assert found
    return found.fenced_at is None and found.restricted_at is None


async def _is_stored(scene: Scene, row: Document) -> bool:
    async with scene.ledger.read() as unit:
        return await unit.documents.get(scene.tenant_id, row.id) is not None


async def _certified(scene: Scene, ref: ErasureRef) -> None:
    await scene.purge(ref)
    assert (await scene.certify(ref)).is_certified


async def _fenced_and_held(scene: Scene, row: Document) -> ErasureRef:
    """A request whose fence hides the document, held before anything was looked for."""
    ref = await scene.ask(accepted_at=NOON, fenced_at=NOON)
    async with scene.ledger.write() as unit:
        named = await unit.erasures.identifiers(scene.tenant_id, ref.erasure_id)
        subjects = await unit.subjects.by_blinds(scene.tenant_id, {(each.kind.value, each.blind) for each in named})
        await unit.erasures.set_subjects(scene.tenant_id, ref.erasure_id, subjects)
        await hide(unit, scene.tenant_id, [row.id], NOON)
    await _erasures(scene).hold(_caller(scene), ref.erasure_id, "litigation")
    return ref


@pytest.mark.parametrize("is_certified", [False, True], ids=["while the other waits", "after its certificate"])
async def test_a_cancelled_hold_shows_nothing_that_another_erasure_takes_now(scene: Scene, is_certified: bool) -> None:
    row, _ = await scene.add(ADA)
    first = await _fenced_and_held(scene, row)
    ref = await scene.ask(accepted_at=NOON, fenced_at=NOON)
    await scene.erase(ref)
    if is_certified:
        await _certified(scene, ref)
    await _erasures(scene).cancel(_caller(scene), first.erasure_id)
    assert not await _is_shown(scene, row)
    if not is_certified:
        await _certified(scene, ref)
    assert await scene.state(ref) is ErasureState.REOPENED
    await scene.discover(ref, 3)
    await scene.take_out(ref, 3)
    assert not await _is_stored(scene, row)


async def test_a_document_restricted_while_it_was_found_is_hidden_when_it_is_released_before_it_goes(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, _ = await scene.add(ADA)
    ref = await scene.ask(accepted_at=NOON, fenced_at=NOON)
    writing = Manifest.write

    async def write(*given: object) -> None:
        monkeypatch.setattr(Manifest, "write", writing)
        await _restrictions(scene).restrict(_caller(scene), row.id, "litigation")
        await writing(*given)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(Manifest, "write", write)
    assert (await scene.discover(ref)).found
    await _restrictions(scene).release(_caller(scene), row.id)
    assert not await _is_shown(scene, row)
    await scene.take_out(ref)
    assert not await _is_stored(scene, row)


@pytest.mark.parametrize("people", [(ADA,), (ADA, BOB)], ids=["alone", "shared"])
async def test_a_released_document_is_shown_if_somebody_else_is_in_it(scene: Scene, people: tuple[str, ...]) -> None:
    row, _ = await scene.add(*people)
    await _restrictions(scene).restrict(_caller(scene), row.id, "litigation")
    ref = await scene.ask(accepted_at=NOON, fenced_at=NOON)
    await scene.erase(ref)
    await _restrictions(scene).release(_caller(scene), row.id)
    assert await _is_shown(scene, row) is (len(people) > 1)


async def test_a_cancelled_erasure_shows_what_a_release_has_hidden_for_it(scene: Scene) -> None:
    row, _ = await scene.add(ADA)
    await _restrictions(scene).restrict(_caller(scene), row.id, "litigation")
    ref = await scene.ask(accepted_at=NOON, fenced_at=NOON)
    await scene.discover(ref)
    async with scene.ledger.write() as unit:
        request = await unit.erasures.get(scene.tenant_id, ref.erasure_id)
        assert request
        # As it is while others of its versions wait for a look.
        await unit.erasures.update(replace(request, state=ErasureState.IN_REVIEW, erasing_at=None))
    await _restrictions(scene).release(_caller(scene), row.id)
    assert not await _is_shown(scene, row)
    await _erasures(scene).cancel(_caller(scene), ref.erasure_id)
    assert await _is_shown(scene, row)


async def test_a_document_that_became_somebody_elses_while_it_was_held_is_waited_for_no_longer(scene: Scene) -> None:
    row, hers = await scene.add(ADA)
    first = await scene.ask()
    await _erasures(scene).hold(_caller(scene), first.erasure_id, "litigation")
    ref = await scene.ask(accepted_at=NOON, fenced_at=NOON)
    await scene.erase(ref)
    await _certified(scene, ref)
    async with scene.ledger.write() as unit:
        await unit.versions.update(replace(hers, live_until=2))
    after = await scene.add_version(row, BOB, live_from=2, submission=3)
    async with scene.ledger.write() as unit:
        await unit.documents.update(replace(row, live_version_id=after.id, live_submission=3, next_submission=4))
    await _erasures(scene).release(_caller(scene), first.erasure_id)
    assert await _is_shown(scene, row)
    await scene.discover(ref, 3)
    await scene.take_out(ref, 3)
    async with scene.ledger.read() as unit:
        assert not await unit.personal.count(scene.tenant_id, ItemKind.VERSION, [hers.id])
        assert await unit.personal.count(scene.tenant_id, ItemKind.VERSION, [after.id])
        held = await unit.erasures.items(scene.tenant_id, ref.erasure_id, states=[ItemState.HELD])
    assert not {each.code for each in held} & {RESTRICTED, UNRESTRICTED}
