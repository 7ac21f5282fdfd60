"""What a certificate says of the key ring's own files."""

import json

import pytest
import pytest_asyncio

from lethe.contracts.erasure import ErasureRef, VerifiedErasure
from lethe.errors import ErasureIncomplete
from lethe.model.erasures import PurgeState
from lethe.ports.keyring import Emptied
from lethe.ports.ledger import Ledger
from lethe.settings import Settings
from tests.contract.ledger_rows import NOON
from tests.integration.erasures import ADA, Scene, make_scene
from tests.unit.certificates.issuers import issuer


@pytest_asyncio.fixture
async def scene(ledger: Ledger, sql_settings: Settings) -> Scene:
    return await make_scene(ledger, sql_settings)


async def _purged(scene: Scene) -> ErasureRef:
    await scene.add(ADA)
    ref = await scene.ask(accepted_at=NOON, fenced_at=NOON)
    await scene.erase(ref)
    await scene.purge(ref)
    return ref


async def test_the_ring_is_emptied_of_the_requests_own_key_too(scene: Scene) -> None:
    ref = await _purged(scene)
    assert ref.erasure_id not in scene.keyring.emptied_of
    scene.keyring.emptied = Emptied.NOT_YET
    verified = await scene.activities.verify_erasure(ref)
    step = VerifiedErasure(**ref.model_dump(), verified=verified)
    with pytest.raises(ErasureIncomplete):
        await scene.activities.certify_erasure(step)
    scene.keyring.emptied = Emptied.DONE
    assert (await scene.activities.certify_erasure(step)).is_certified
    assert ref.erasure_id in scene.keyring.emptied_of


async def test_a_ring_that_is_left_to_its_operator_has_no_date_on_the_certificate(scene: Scene) -> None:
    scene.keyring.emptied = Emptied.LEFT_TO_OPERATOR
    ref = await _purged(scene)
    assert (await scene.certify(ref)).is_certified
    found = await issuer(scene.ledger, scene.clock, scene.witness).get(ref.tenant_id, ref.erasure_id, 0)
    body = json.loads(found.text)["body"]
    keys = next(each for each in body["stores"] if each["store"] == "keys")
    assert (keys["purge"], keys["horizon"], body["claim"]) == ("left_to_operator", None, "deleted")
    told = (await scene.reports(ref))["keys"]
    assert (told.purge, told.horizon_at) == (PurgeState.LEFT_TO_OPERATOR, None)
