"""What a hold on one erasure keeps from another one, be it a document or not, and what becomes of it after the hold."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
import pytest_asyncio

from lethe.contracts.erasure import ErasureRef
from lethe.ingestion.deletion import mark_deleted
from lethe.ingestion.restricting import Restrictions
from lethe.model.answers import Question
from lethe.model.documents import Version
from lethe.model.erasures import ErasureItem, ErasureState, ItemState
from lethe.model.ids import new_id
from lethe.model.personal_data import ItemKind
from lethe.model.principals import Caller, Role
from lethe.ports.ledger import Ledger
from lethe.privacy.erasure.intake import Erasures
from lethe.privacy.erasure.stores.documents import UNRESTRICTED
from lethe.settings import Settings
from tests.contract.ledger_rows import NOON
from tests.integration.erasures import ADA, Scene, make_scene
from tests.statements import counting
from tests.unit.certificates.issuers import issuer


@pytest_asyncio.fixture
async def scene(ledger: Ledger, sql_settings: Settings) -> Scene:
    return await make_scene(ledger, sql_settings)


def _caller(scene: Scene) -> Caller:
    return Caller(scene.tenant_id, new_id(), Role.ADMIN, frozenset())


def _erasures(scene: Scene) -> Erasures:
    return Erasures(scene.ledger, scene.keyring, scene.clock, scene.settings.erasure)


async def _hold(scene: Scene, ref: ErasureRef) -> None:
    await _erasures(scene).hold(_caller(scene), ref.erasure_id, "litigation")


async def _is_there(scene: Scene, version: Version) -> bool:
    return bool(await scene.keyring.get_many(scene.tenant_id, [version.id]))


async def _certified(scene: Scene, ref: ErasureRef) -> None:
    assert not await scene.open_items(ref)
    await scene.purge(ref)
    assert (await scene.certify(ref)).is_certified


async def _held_stores(scene: Scene, ref: ErasureRef, number: int) -> set[str]:
    """Stores in which the certificate tells of a hold."""
    found = await issuer(scene.ledger, scene.clock, scene.witness).get(ref.tenant_id, ref.erasure_id, number)
    exclusions = json.loads(found.text)["body"]["exclusions"]
    return {each["store"] for each in exclusions if each["reason"] == "legal_hold"}


async def test_what_retention_has_hidden_is_kept_by_a_hold_from_another_erasure_too(scene: Scene) -> None:
    row, hers = await scene.add(ADA)
    await _hold(scene, await scene.ask())
    async with scene.ledger.write() as unit:
        await unit.documents.update(replace(row, deleted_at=NOON, expired_by=new_id()))
    ref = await scene.ask(accepted_at=NOON, fenced_at=NOON)
    await scene.erase(ref)
    assert await _is_there(scene, hers)
    await _certified(scene, ref)
    assert await _held_stores(scene, ref, 0) == {"documents"}


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


async def _asked(scene: Scene, question: Question) -> bool:
    keys = await scene.keyring.get_many(scene.tenant_id, [question.id])
    async with scene.ledger.read() as unit:
        rows = await unit.personal.count(scene.tenant_id, ItemKind.QUESTION, [question.id])
    assert bool(keys) == bool(rows)
    return bool(rows)


@pytest.mark.parametrize("is_planned", [False, True], ids=["before it is found", "after it was found"])
async def test_a_question_that_a_held_erasure_found_stays_until_the_hold_ends(scene: Scene, is_planned: bool) -> None:
    user = new_id()
    question = await scene.question(principal_id=user)
    first = await scene.ask(user=user)
    await scene.discover(first)
    ref = await scene.ask(user=user, accepted_at=NOON, fenced_at=NOON)
    if is_planned:
        await scene.discover(ref)
    await _hold(scene, first)
    if not is_planned:
        await scene.discover(ref)
    await scene.take_out(ref)
    assert not (await scene.discover(ref, 2)).found
    assert await _asked(scene, question)
    await _certified(scene, ref)
    assert await _held_stores(scene, ref, 0) >= {"keys", "questions"}
    await _erasures(scene).release(_caller(scene), first.erasure_id)
    assert await scene.state(ref) is ErasureState.REOPENED
    await _again(scene, ref)
    assert not await _asked(scene, question)
    assert await _held_stores(scene, ref, 1) == set()


async def test_a_held_question_that_its_asker_deleted_is_held_no_longer(scene: Scene) -> None:
    user = new_id()
    question = await scene.question(principal_id=user)
    first = await scene.ask(user=user)
    await scene.discover(first)
    await _hold(scene, first)
    ref = await scene.ask(user=user, accepted_at=NOON, fenced_at=NOON)
    await scene.erase(ref)
    await _certified(scene, ref)
    await scene.keyring.destroy(scene.tenant_id, [question.id])
    async with scene.ledger.write() as unit:
        await unit.questions.delete(scene.tenant_id, [question.id])
    await _erasures(scene).release(_caller(scene), first.erasure_id)
    await _again(scene, ref)


async def test_what_is_held_and_restricted_waits_for_both(scene: Scene) -> None:
    row, hers = await scene.add(ADA)
    first = await scene.ask()
    await _hold(scene, first)
    restrictions = Restrictions(scene.ledger, scene.clock)
    await restrictions.restrict(_caller(scene), row.id, "litigation")
    ref = await scene.ask(accepted_at=NOON, fenced_at=NOON)
    await scene.erase(ref)
    await _certified(scene, ref)
    await restrictions.release(_caller(scene), row.id)
    assert await scene.state(ref) is ErasureState.CERTIFIED
    await _erasures(scene).release(_caller(scene), first.erasure_id)
    assert await scene.state(ref) is ErasureState.REOPENED
    await _again(scene, ref)
    assert not await _is_there(scene, hers)


async def test_a_document_whose_hold_has_ended_unseen_is_deleted_and_waited_for_no_longer(scene: Scene) -> None:
    """Whatever kept it: who waits is found by what it waits for."""
    row, _ = await scene.add(ADA)
    first = await scene.ask()
    await _hold(scene, first)
    ref = await scene.ask(accepted_at=NOON, fenced_at=NOON)
    await scene.erase(ref)
    await _certified(scene, ref)
    async with scene.ledger.write() as unit:
        held = await unit.erasures.get(scene.tenant_id, first.erasure_id)
        assert held
        await unit.erasures.update(replace(held, state=ErasureState.FENCED, held_from=None))
        await mark_deleted(unit, row, 5, NOON)
    assert await scene.state(ref) is ErasureState.REOPENED


async def _statements_of_a_release(scene: Scene, documents: int) -> int:
    for _ in range(documents):
        await scene.add(ADA)
    first = await scene.ask()
    await _hold(scene, first)
    ref = await scene.ask(accepted_at=NOON, fenced_at=NOON)
    await scene.discover(ref)
    with counting() as counted:
        await _erasures(scene).release(_caller(scene), first.erasure_id)
    assert len(await _freed(scene, ref)) == 2 * documents
    return counted.statements


async def _freed(scene: Scene, ref: ErasureRef) -> list[ErasureItem]:
    async with scene.ledger.read() as unit:
        return await unit.erasures.held(scene.tenant_id, ref.erasure_id, UNRESTRICTED)


async def test_a_release_costs_as_many_statements_for_many_documents_as_for_one(
    ledger: Ledger, sql_settings: Settings
) -> None:
    one = await _statements_of_a_release(await make_scene(ledger, sql_settings), 1)
    assert await _statements_of_a_release(await make_scene(ledger, sql_settings), 8) == one
