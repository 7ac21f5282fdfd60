"""A worker that dies within any step of an erasure: done again, it ends where an undisturbed one does."""

from collections.abc import Sequence
from typing import cast

import pytest_asyncio

from lethe.adapters.sql import SqlLedger
from lethe.contracts.erasure import ErasureRef, ErasureRound, StoreStep
from lethe.model.ids import Id
from lethe.model.personal_data import Item, ItemKind, StoreName
from lethe.ports.personal_data import PersonalDataStore
from lethe.settings import Settings
from tests.integration.erasures import ADA, BOB, Scene, make_scene
from tests.integration.house import KilledError
from workflows.erasure_order import DELETION_ORDER


@pytest_asyncio.fixture
async def scene(ledger: SqlLedger, sql_settings: Settings) -> Scene:
    return await make_scene(ledger, sql_settings)


class Killed:
    """A store in whose process the worker dies once, when the items are out and nobody has written that down."""

    def __init__(self, store: PersonalDataStore) -> None:
        self._store = store
        self.deaths = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    async def remaining(self, tenant_id: Id, items: Sequence[Item]) -> int:
        if not self.deaths:
            self.deaths += 1
            raise KilledError
        return await self._store.remaining(tenant_id, items)


async def _erase_with_deaths(scene: Scene, ref: ErasureRef) -> set[StoreName]:
    """Each step is run, its worker dies before it can tell, and it is run again; returns where one died within."""
    activities = scene.activities
    killed = {name: Killed(store) for name, store in activities.taking_out.stores.items()}
    cast("dict[StoreName, object]", activities.taking_out.stores).update(killed)
    now = ErasureRound(**ref.model_dump(), round=1)
    for step in (activities.discover_subject, activities.rewrite_shared, activities.quiet_ingestions):
        for _ in range(2):
            await step(now)
    died = set[StoreName]()
    for store in (StoreName.KEYS, *DELETION_ORDER):
        wish = StoreStep(**now.model_dump(), store=store.value)
        try:
            await activities.erase_store(wish)
        except KilledError:
            died.add(store)
        for _ in range(2):
            await activities.erase_store(wish)
    return died


async def test_a_death_within_any_store_changes_nothing_of_the_end(scene: Scene) -> None:
    row, hers = await scene.add(ADA)
    _, his = await scene.add(BOB)
    asked = await scene.question(f"Where is {ADA}?")
    ref = await scene.ask()
    died = await _erase_with_deaths(scene, ref)
    assert {StoreName.KEYS, StoreName.QUESTIONS, StoreName.VECTORS, StoreName.BLOBS, StoreName.DOCUMENTS} <= died
    for round_ in (2, 2):
        again = await scene.discover(ref, round_)
        assert (again.found, again.again) == (0, 0)
    async with scene.ledger.read() as unit:
        for kind, ref_ in ((ItemKind.DOCUMENT, row.id), (ItemKind.VERSION, hers.id), (ItemKind.QUESTION, asked.id)):
            assert await unit.personal.count(scene.tenant_id, kind, [ref_]) == 0
        assert await unit.versions.get(scene.tenant_id, his.id)
    reports = await scene.reports(ref)
    assert {name: (each.located, each.erased) for name, each in reports.items() if each.located != each.erased} == {}
    assert set(await scene.keyring.get_many(scene.tenant_id, [hers.id, asked.id, his.id])) == {his.id}


async def test_a_purge_that_is_begun_twice_makes_one_build_of_each_kind(scene: Scene) -> None:
    await scene.add(ADA)
    ref = await scene.ask()
    await scene.erase(ref)
    for _ in range(2):
        await scene.activities.purge_stores(ref)
    async with scene.ledger.read() as unit:
        building = [each for each in await unit.builds.list(scene.tenant_id) if each.state == "building"]
    assert len(building) == 2
