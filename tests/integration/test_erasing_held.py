"""What a hold on one erasure keeps from another one, be it a document or not, and what becomes of it after the hold."""

import json
from dataclasses import replace

import pytest_asyncio

from lethe.contracts.erasure import ErasureRef
from lethe.model.documents import Version
from lethe.model.ids import new_id
from lethe.model.principals import Caller, Role
from lethe.ports.ledger import Ledger
from lethe.privacy.erasure.intake import Erasures
from lethe.settings import Settings
from tests.contract.ledger_rows import NOON
from tests.integration.erasures import ADA, Scene, make_scene
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
