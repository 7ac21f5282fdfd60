"""Each store in turn forgets nothing and says that it has: whoever verifies finds it, and there is no certificate."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest
import pytest_asyncio

from lethe.adapters.sql import SqlLedger
from lethe.contracts.erasure import ErasureRef
from lethe.errors import CertificateNotFound
from lethe.model.caches import CachedAnswer
from lethe.model.erasures import ErasureMethod, ErasureState, ItemState, PurgeState
from lethe.model.feedback import Feedback, Verdict
from lethe.model.ids import Id, new_id
from lethe.model.operations import DispatchKind
from lethe.model.personal_data import StoreName
from lethe.model.principals import ApiKey, Role
from lethe.model.workflow_ids import dispatch_id
from lethe.privacy.erasure.manifest import as_item
from lethe.privacy.sealing import Purpose, seal_text
from lethe.settings import Settings
from tests.contract.ledger_rows import NOON, letter, record
from tests.integration.erasures import ADA, BOB, Scene, make_scene
from tests.unit.certificates.issuers import issuer

WITH_OTHERS: Final = {StoreName.ANSWER_CACHE, StoreName.FEEDBACK}
"""Their rows go with the questions': where those were deleted, nothing of them can be left."""

AGE_OUT: Final = {StoreName.TOKENS, StoreName.PROCESSORS, StoreName.LOGS, StoreName.AUDIT_LOG, StoreName.BACKUPS}
"""They delete nothing: what they hold ends by itself, on the day the certificate says."""

ERASING: Final = sorted(set(StoreName) - AGE_OUT - WITH_OTHERS)


@pytest_asyncio.fixture
async def scene(sqlite_settings: Settings) -> AsyncGenerator[Scene]:
    ledger = SqlLedger.from_settings(sqlite_settings)
    yield await make_scene(ledger, sqlite_settings)
    await ledger.close()


async def _plant(scene: Scene) -> ErasureRef:
    """Something of the person in every store that can be erased from, and a request about them."""
    user = new_id()
    _, hers = await scene.add(ADA)
    _, his = await scene.add(BOB)
    about = await scene.question(principal_id=user)
    await scene.answer(about)
    response = record(scene.tenant_id)
    own = await scene.keyring.create(scene.tenant_id, response.key_id)
    sealed = seal_text(own, Purpose.IDEMPOTENCY, f'{{"title": "{ADA}"}}')
    detail = seal_text(await scene.keyring.get(scene.tenant_id, his.id), Purpose.FAILURE, f"cannot read <{ADA}>")
    key = ApiKey(scene.tenant_id, new_id(), user, Role.READER, frozenset(), "0" * 64, NOON)
    async with scene.ledger.write() as unit:
        await unit.feedback.put(Feedback(scene.tenant_id, about.id, Verdict.DOWN, None, NOON))
        entry = CachedAnswer(scene.tenant_id, "k" * 64, "b" * 64, about.id, NOON, NOON)
        await unit.answer_cache.put(entry, [hers.id], 10)
        await unit.dead_letters.record(letter(his, sealed_detail=detail))
        await unit.idempotency.claim(replace(response, sealed_body=sealed))
        await unit.api_keys.add(key)
    scene.histories.runs[dispatch_id(DispatchKind.INGEST_DOCUMENT, scene.tenant_id, hers.id)] = 1
    return await scene.ask(user=user, accepted_at=NOON, fenced_at=NOON)


async def _nothing(*_: object) -> None:
    return None


async def _none(*_: object) -> int:
    return 0


async def _empty(*_: object) -> frozenset[Id]:
    return frozenset()


async def _purged(*_: object) -> PurgeState:
    return PurgeState.PURGED


def _below(scene: Scene, name: StoreName) -> list[tuple[object, str, Any]]:
    """What lies below a store from which whoever removes rows removes as well."""
    index = scene.index if name is StoreName.VECTORS else scene.keywords
    match name:
        case StoreName.VECTORS | StoreName.KEYWORDS:
            return [(index, "delete_versions", _none), (index, "present", _empty)]
        case StoreName.BLOBS:
            return [(scene.blobs, "delete_prefix", _none), (scene.blobs, "leftovers", _none)]
        case _:
            return []


async def _erased_but(scene: Scene, ref: ErasureRef, name: StoreName, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store, and what lies below it, do nothing and show nothing until the purge is over."""
    kind = type(scene.activities.taking_out.stores[name])
    lies = {"erase": _nothing, "remaining": _none, "purge": _purged}

    def told(method: str) -> Any:
        truth, lie = getattr(kind, method), lies[method]

        async def one(self: Any, *asked: Any) -> Any:
            return await (lie if self.name is name else truth)(self, *asked)

        return one

    with monkeypatch.context() as patched:
        for method in lies:
            patched.setattr(kind, method, told(method))
        for each in _below(scene, name):
            patched.setattr(*each)
        await scene.erase(ref)
        await scene.purge(ref)
    scene.clock.advance(timedelta(minutes=1))


async def _left(scene: Scene, ref: ErasureRef, name: StoreName) -> int:
    async with scene.ledger.read() as unit:
        rows = await unit.erasures.items(scene.tenant_id, ref.erasure_id, store=name.value, states=[ItemState.ERASED])
    store = scene.activities.taking_out.stores[name]
    return await store.remaining(scene.tenant_id, [as_item(row) for row in rows])


@pytest.mark.parametrize("name", ERASING)
async def test_a_store_that_forgets_nothing_is_found(
    scene: Scene, name: StoreName, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = await _plant(scene)
    await _erased_but(scene, ref, name, monkeypatch)
    assert await _left(scene, ref, name), "the control"
    found = await scene.activities.verify_erasure(ref)
    assert found.hits
    assert await scene.state(ref) is ErasureState.REOPENED
    with pytest.raises(CertificateNotFound):
        await issuer(scene.ledger, scene.clock, scene.witness).get(ref.tenant_id, ref.erasure_id)
    standing = await scene.activities.look_at_erasure(ref)
    assert (await scene.discover(ref, standing.round)).again
    await scene.take_out(ref, standing.round)
    assert not (await scene.discover(ref, standing.round + 1)).again
    await scene.purge(ref)
    assert (await scene.certify(ref)).is_certified


@pytest.mark.parametrize("name", sorted(WITH_OTHERS))
async def test_what_goes_with_the_questions_is_not_left(
    scene: Scene, name: StoreName, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = await _plant(scene)
    await _erased_but(scene, ref, name, monkeypatch)
    assert await _left(scene, ref, name) == 0
    assert (await scene.reports(ref))[name].located
    assert (await scene.certify(ref)).is_certified


async def test_every_store_is_tried_or_says_why_not(scene: Scene) -> None:
    stores = scene.activities.taking_out.stores.values()
    assert {store.name for store in stores if store.method is ErasureMethod.AGED_OUT} <= AGE_OUT
    assert {*ERASING, *WITH_OTHERS, *AGE_OUT} == {store.name for store in stores}
