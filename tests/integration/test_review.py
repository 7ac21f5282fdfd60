"""Finds that are not sure wait for a person; silence means that they go."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from api.routes.erasure_findings import as_readable
from lethe.adapters.sql import SqlLedger
from lethe.adapters.sql.repositories.erasures import SqlErasures
from lethe.contracts.erasure import ErasureRef
from lethe.errors import ErasureFindingNotFound, IllegalErasureMove
from lethe.model.documents import Version
from lethe.model.erasures import ErasureState, ItemState
from lethe.model.ids import new_id
from lethe.model.principals import Caller, Role
from lethe.privacy.discovery.matches import Reason
from lethe.privacy.erasure.review import Reviews, Verdict
from lethe.privacy.sealing import Purpose, seal_text
from lethe.settings import Settings
from tests.contract.ledger_rows import chunks
from tests.integration.erasures import Scene, make_scene


@pytest_asyncio.fixture
async def scene(ledger: SqlLedger, sql_settings: Settings) -> Scene:
    return await make_scene(ledger, sql_settings)


async def _saying(scene: Scene, text: str) -> Version:
    """A live version nobody is linked to."""
    _, version = await scene.add()
    key = await scene.keyring.get(scene.tenant_id, version.id)
    sealed = seal_text(key, Purpose.CHUNK_TEXT, text)
    async with scene.ledger.write() as unit:
        await unit.chunks.replace(
            scene.tenant_id, version.id, [replace(each, sealed_text=sealed) for each in chunks(version, 1)]
        )
    return version


async def _in_review(scene: Scene) -> tuple[ErasureRef, list[Version], Reviews]:
    """An erasure of ada.lovelace@example.org that met her local part elsewhere, thrice."""
    versions = [await _saying(scene, f"log-in {number}: ada.lovelace is new") for number in range(3)]
    ref = await scene.ask()
    found = await scene.discover(ref)
    assert found.in_review == 3
    assert await scene.state(ref) is ErasureState.IN_REVIEW
    reviews = Reviews(scene.ledger, scene.keyring, scene.clock, scene.settings.erasure)
    return ref, sorted(versions, key=lambda version: version.id), reviews


async def test_what_waits_is_shown_with_the_words_around(scene: Scene) -> None:
    ref, versions, reviews = await _in_review(scene)
    first = await reviews.page(ref.tenant_id, ref.erasure_id, None, 2)
    rest = await reviews.page(ref.tenant_id, ref.erasure_id, first[-1].version_id, 2)
    assert [each.version_id for each in (*first, *rest)] == [version.id for version in versions]
    (passage,) = rest[0].passages
    assert passage.reason is Reason.EMAIL_LOCAL_PART
    assert passage.text.endswith("ada.lovelace is new")
    assert rest[0].decide_by - scene.clock.now() == timedelta(seconds=scene.settings.erasure.review_seconds)


async def test_the_words_are_for_who_may_read_the_document(scene: Scene) -> None:
    ref, versions, reviews = await _in_review(scene)
    async with scene.ledger.write() as unit:
        await unit.documents.set_readers(ref.tenant_id, versions[0].document_id, [ref.tenant_id])
        await unit.documents.set_readers(ref.tenant_id, versions[1].document_id, [new_id()])
    found = await reviews.page(ref.tenant_id, ref.erasure_id, None, 2)
    officer, admin = (Caller(ref.tenant_id, new_id(), role) for role in (Role.OFFICER, Role.ADMIN))
    mine, foreign = await as_readable(scene.ledger, officer, found)
    assert mine == found[0]
    (passage,) = foreign.passages
    assert (passage.reason, passage.text) == (Reason.EMAIL_LOCAL_PART, "")
    assert await as_readable(scene.ledger, admin, found) == found


async def test_a_verdict_stands_and_the_rest_goes_when_nobody_speaks(scene: Scene) -> None:
    ref, (kept, erased, silent), reviews = await _in_review(scene)
    for _ in range(2):
        finding = await reviews.decide(ref.tenant_id, ref.erasure_id, kept.id, Verdict.KEEP)
        assert (finding.state, finding.document_id) == (ItemState.RELEASED, kept.document_id)
    await reviews.decide(ref.tenant_id, ref.erasure_id, erased.id, Verdict.ERASE)
    with pytest.raises(IllegalErasureMove):
        await reviews.decide(ref.tenant_id, ref.erasure_id, erased.id, Verdict.KEEP)
    with pytest.raises(ErasureFindingNotFound):
        await reviews.decide(ref.tenant_id, ref.erasure_id, new_id(), Verdict.KEEP)
    standing = await scene.activities.look_at_erasure(ref)
    assert standing.waits_for == "review"
    scene.clock.advance(timedelta(seconds=scene.settings.erasure.review_seconds))
    standing = await scene.activities.look_at_erasure(ref)
    assert standing.state == ErasureState.DISCOVERING
    await scene.erase(ref)
    assert set(await scene.keyring.get_many(ref.tenant_id, [kept.id, erased.id, silent.id])) == {kept.id}


async def test_no_verdict_is_taken_after_the_review(scene: Scene) -> None:
    ref, (version, *_), reviews = await _in_review(scene)
    async with scene.ledger.write() as unit:
        request = await unit.erasures.get(ref.tenant_id, ref.erasure_id)
        assert request
        await unit.erasures.update(replace(request, state=ErasureState.ERASING))
    with pytest.raises(IllegalErasureMove):
        await reviews.decide(ref.tenant_id, ref.erasure_id, version.id, Verdict.KEEP)


async def test_a_later_rounds_review_waits_and_ends_where_everything_is_kept(scene: Scene) -> None:
    ref = await scene.ask()
    await scene.discover(ref)
    await scene.take_out(ref)
    version = await _saying(scene, "log-in: ada.lovelace is new")
    assert (await scene.discover(ref, 2)).in_review == 1
    assert (await scene.activities.look_at_erasure(ref)).waits_for == "review"
    reviews = Reviews(scene.ledger, scene.keyring, scene.clock, scene.settings.erasure)
    await reviews.decide(ref.tenant_id, ref.erasure_id, version.id, Verdict.KEEP)
    assert (await scene.activities.look_at_erasure(ref)).state == ErasureState.DISCOVERING
    again = await scene.discover(ref, 2)
    assert (again.found, again.again, again.in_review) == (0, 0, 0)
    assert await scene.state(ref) is ErasureState.DELETED
    assert (await scene.activities.purge_stores(ref)).pending


async def test_a_verdict_given_while_the_review_ends_is_refused_or_stands(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref, (kept, *_), reviews = await _in_review(scene)
    scene.clock.advance(timedelta(seconds=scene.settings.erasure.review_seconds))
    reading, decisions = SqlErasures.items, list[asyncio.Task[Any]]()

    async def items(self: SqlErasures, *of: Any, **fields: Any) -> Any:
        found = await reading(self, *of, **fields)
        if found and not decisions:
            monkeypatch.setattr(SqlErasures, "items", reading)
            decisions.append(asyncio.create_task(reviews.decide(ref.tenant_id, ref.erasure_id, kept.id, Verdict.KEEP)))
            await asyncio.wait(decisions, timeout=1)
        return found

    monkeypatch.setattr(SqlErasures, "items", items)
    await scene.activities.look_at_erasure(ref)
    with pytest.raises(IllegalErasureMove):
        await decisions[0]
    async with scene.ledger.read() as unit:
        planned = await unit.erasures.items(ref.tenant_id, ref.erasure_id, states=[ItemState.PLANNED])
    assert len(planned) == 3
