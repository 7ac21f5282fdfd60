"""What a certificate says of the key ring's own files."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from lethe.contracts.erasure import ErasureRef, VerifiedErasure
from lethe.errors import ErasureIncomplete
from lethe.model.erasures import PurgeState
from lethe.ports.keyring import Emptied
from lethe.ports.ledger import Ledger
from lethe.privacy.certificates.stamps import rfc3339
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


def _body(text: bytes) -> dict[str, Any]:
    return json.loads(text)["body"]


async def _stores(scene: Scene, ref: ErasureRef) -> dict[str, dict[str, Any]]:
    found = await issuer(scene.ledger, scene.clock, scene.witness).get(ref.tenant_id, ref.erasure_id, 0)
    return {each["store"]: each for each in _body(found.text)["stores"]}


async def test_backups_are_dated_from_the_end_of_the_requests_own_key(scene: Scene) -> None:
    """A copy from between the purge and the certificate opens whom the request is about."""
    ref = await _purged(scene)
    before = {store: each.horizon_at for store, each in (await scene.reports(ref)).items()}
    scene.clock.advance(timedelta(days=5))
    at = scene.clock.now()
    assert (await scene.certify(ref)).is_certified
    after = {store: each.horizon_at for store, each in (await scene.reports(ref)).items()}
    dated = {store for store in after if after[store] != before[store]}
    assert dated == {"backups"} | ({"keys"} if after["keys"] else set())
    lasts = timedelta(days=scene.settings.erasure.backup_days)
    told = await _stores(scene, ref)
    for store in dated:
        horizon = after[store]
        assert horizon
        assert at + lasts < horizon < at + lasts + timedelta(days=1)
        assert told[store]["horizon"] == rfc3339(horizon)


async def test_a_ring_that_grew_too_large_since_the_purge_is_told_on_the_certificate(scene: Scene) -> None:
    ref = await _purged(scene)
    assert (await scene.reports(ref))["keys"].purge is not PurgeState.LEFT_TO_OPERATOR
    scene.keyring.emptied = Emptied.LEFT_TO_OPERATOR
    assert (await scene.certify(ref)).is_certified
    keys = (await _stores(scene, ref))["keys"]
    assert (keys["purge"], keys["horizon"]) == ("left_to_operator", None)
    told = (await scene.reports(ref))["keys"]
    assert (told.purge, told.horizon_at) == (PurgeState.LEFT_TO_OPERATOR, None)


async def test_a_ring_that_grew_too_large_since_the_certificate_is_told_by_the_status(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = await _purged(scene)

    async def leave_nothing(since: datetime | None = None) -> Emptied:
        return Emptied.LEFT_TO_OPERATOR

    monkeypatch.setattr(scene.keyring, "leave_nothing", leave_nothing)
    assert (await scene.certify(ref)).is_certified
    assert (await _stores(scene, ref))["keys"]["purge"] != "left_to_operator"
    assert (await scene.reports(ref))["keys"].purge is PurgeState.LEFT_TO_OPERATOR


async def test_the_ledgers_journal_is_emptied_of_whom_it_was_about(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = await _purged(scene)
    verified = await scene.activities.verify_erasure(ref)
    step = VerifiedErasure(**ref.model_dump(), verified=verified)
    emptied = list[bool]()

    async def empty_journal() -> bool:
        emptied.append(bool(emptied))
        return emptied[-1]

    monkeypatch.setattr(scene.ledger, "empty_journal", empty_journal)
    with pytest.raises(ErasureIncomplete):
        await scene.activities.certify_erasure(step)
    assert (await scene.activities.certify_erasure(step)).is_certified
    assert emptied == [False, True]
