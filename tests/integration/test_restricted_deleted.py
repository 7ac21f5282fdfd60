"""A restricted document that is deleted instead of released: the erasure that had to leave it comes to its end."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
import pytest_asyncio

from lethe.contracts.erasure import ErasureRef
from lethe.ingestion.documents import Documents
from lethe.model.erasures import ErasureState, ItemState
from lethe.model.ids import new_id
from lethe.model.principals import Caller, Role
from lethe.ports.ledger import Ledger
from lethe.settings import Settings
from tests.contract.ledger_rows import NOON
from tests.integration.erasures import ADA, BOB, Scene, make_scene
from tests.unit.certificates.issuers import issuer


@pytest_asyncio.fixture
async def scene(ledger: Ledger, sql_settings: Settings) -> Scene:
    return await make_scene(ledger, sql_settings)


async def _exclusions(scene: Scene, ref: ErasureRef, number: int) -> object:
    """What the certificate says was left."""
    found = await issuer(scene.ledger, scene.clock, scene.witness).get(ref.tenant_id, ref.erasure_id, number)
    return json.loads(found.text)["body"]["exclusions"]


async def _delete(scene: Scene, document_id: str, *, is_gone: bool) -> None:
    caller = Caller(scene.tenant_id, new_id(), Role.ADMIN, frozenset())
    await Documents(scene.ledger, scene.keyring, scene.clock).delete(caller, document_id)
    if is_gone:
        await scene.remover.remove_deleted(scene.tenant_id, [document_id], scene.clock.now())


async def _again(scene: Scene, ref: ErasureRef) -> None:
    """As the workflow goes on with a request that is open again."""
    standing = await scene.activities.look_at_erasure(ref)
    assert (await scene.discover(ref, standing.round)).found
    await scene.take_out(ref, standing.round)
    assert not (await scene.discover(ref, standing.round + 1)).found
    await scene.purge(ref)
    assert (await scene.certify(ref)).is_certified


@pytest.mark.parametrize("people", [(ADA,), (ADA, BOB)], ids=["alone", "shared"])
@pytest.mark.parametrize("is_gone", [False, True], ids=["rows are left", "rows are gone"])
@pytest.mark.parametrize("is_certified", [False, True], ids=["before the certificate", "after it"])
async def test_nothing_is_held_any_more_and_nobody_is_remembered(
    scene: Scene, people: tuple[str, ...], is_gone: bool, is_certified: bool
) -> None:
    row, hers = await scene.add(*people)
    async with scene.ledger.write() as unit:
        await unit.documents.update(replace(row, restricted_at=NOON, restriction_reason="litigation"))
    ref = await scene.ask(accepted_at=NOON, fenced_at=NOON)
    await scene.erase(ref)
    await scene.purge(ref)
    if is_certified:
        assert (await scene.certify(ref)).is_certified
        assert await scene.state(ref) is ErasureState.CERTIFIED
    await _delete(scene, row.id, is_gone=is_gone)
    if not is_certified:
        assert (await scene.certify(ref)).is_certified
    # One that goes as a whole is told with its version.
    assert await _exclusions(scene, ref, 0) == [
        {"count": 2 if len(people) == 1 else 1, "reason": "legal_hold", "store": "documents"}
    ]
    assert await scene.state(ref) is ErasureState.REOPENED
    scene.clock.advance(timedelta(days=1))
    await _again(scene, ref)
    assert await scene.state(ref) is ErasureState.CERTIFIED
    assert await _exclusions(scene, ref, 1) == []
    assert await scene.keyring.get_many(scene.tenant_id, [hers.id, ref.erasure_id]) == {}
    async with scene.ledger.read() as unit:
        assert await unit.erasures.identifiers(scene.tenant_id, ref.erasure_id) == []
        assert await unit.erasures.items(scene.tenant_id, ref.erasure_id, states=[ItemState.HELD]) == []
