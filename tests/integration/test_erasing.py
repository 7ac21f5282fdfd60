"""Erasing one person from every store, step by step: on both SQL engines, over fakes of the other stores."""

from dataclasses import replace

import pytest
import pytest_asyncio

from lethe.errors import ErasureIncomplete
from lethe.model.blobs import blob_prefix
from lethe.model.caches import CachedAnswer
from lethe.model.documents import Status, Version
from lethe.model.erasures import ErasureState, IdentifierKind, ItemState, PurgeState
from lethe.model.feedback import Feedback, Verdict
from lethe.model.ids import new_id
from lethe.model.indexes import BuildState
from lethe.model.personal_data import ItemKind, StoreName
from lethe.model.principals import ApiKey, Role
from lethe.model.processors import Operation, ProcessorCall
from lethe.model.quarantines import Quarantine, QuarantineKind
from lethe.ports.ledger import Ledger
from lethe.privacy.erasure.stores.documents import SHARED
from lethe.privacy.sealing import Purpose, seal_text
from lethe.settings import Settings
from tests.contract.ledger_rows import NOON, at, chunks, citation, letter, record
from tests.integration.erasures import ADA, BOB, Scene, make_scene


@pytest_asyncio.fixture
async def scene(ledger: Ledger, sql_settings: Settings) -> Scene:
    return await make_scene(ledger, sql_settings)


async def _is_there(scene: Scene, version: Version) -> list[str]:
    """Where something of the version is found by asking each store itself."""
    places = list[str]()
    ids = [each.id for each in chunks(version, 2)]
    for build in scene.builds:
        index = scene.index if build.kind == "vector" else scene.keywords
        places += [f"{build.kind}:{build.number}"] if await index.present(build, ids) else []
    places += ["blobs"] if await scene.blobs.leftovers(blob_prefix(scene.tenant_id, version.id)) else []
    places += ["key"] if await scene.keyring.get_many(scene.tenant_id, [version.id]) else []
    places += ["history"] if any(version.id in workflow_id for workflow_id in scene.histories.runs) else []
    async with scene.ledger.read() as unit:
        rows = await unit.personal.count(scene.tenant_id, ItemKind.VERSION, [version.id])
    return places + (["rows"] if rows else [])


EVERYWHERE = ["vector:1", "vector:2", "keyword:1", "keyword:2", "blobs", "key", "history", "rows"]


async def test_a_persons_document_leaves_every_store_and_nobody_elses_does(scene: Scene) -> None:
    row, hers = await scene.add(ADA)
    _, his = await scene.add(BOB)
    assert await _is_there(scene, hers) == EVERYWHERE
    ref = await scene.ask()
    again = await scene.erase(ref)
    assert (again.found, again.again) == (0, 0)
    assert await _is_there(scene, hers) == []
    assert await _is_there(scene, his) == EVERYWHERE
    async with scene.ledger.read() as unit:
        assert await unit.personal.count(scene.tenant_id, ItemKind.DOCUMENT, [row.id]) == 0
    assert await scene.state(ref) is ErasureState.DELETED
    reports = await scene.reports(ref)
    assert set(reports) == set(StoreName)
    assert all(report.remaining == 0 and report.erased == report.located for report in reports.values())
    assert reports[StoreName.VECTORS].located == 3


async def test_a_shared_document_stays_for_the_others_and_is_told(scene: Scene) -> None:
    _, shared = await scene.add(ADA, BOB)
    ref = await scene.ask()
    await scene.erase(ref)
    assert await _is_there(scene, shared) == EVERYWHERE
    async with scene.ledger.read() as unit:
        held = await unit.erasures.items(scene.tenant_id, ref.erasure_id, states=[ItemState.HELD])
    assert [(each.ref, each.code) for each in held] == [(shared.id, SHARED)]
    assert (await scene.reports(ref))[StoreName.DOCUMENTS].held == 1


async def test_of_a_replaced_version_only_that_one_goes(scene: Scene) -> None:
    row, now = await scene.add(BOB, submission=2)
    before = await scene.add_version(row, ADA, BOB, live_from=0, live_until=1)
    await scene.erase(await scene.ask())
    assert await _is_there(scene, before) == []
    assert await _is_there(scene, now) == EVERYWHERE


async def test_an_upload_on_its_way_is_ended_and_removed(scene: Scene) -> None:
    _, coming = await scene.add(ADA, live=False, status=Status.PARSING)
    workflow_id = next(each for each in scene.histories.runs if coming.id in each)
    scene.histories.open.add(workflow_id)
    await scene.erase(await scene.ask())
    assert scene.histories.open == set()
    assert await _is_there(scene, coming) == []


async def test_questions_and_verdicts_and_cached_answers_go_with_what_they_quote(scene: Scene) -> None:
    _, hers = await scene.add(ADA)
    about, given, naming, other = [
        await scene.question(text) for text in ("Who?", "Who?", f"Is {ADA} in?", "Is anybody in?")
    ]
    await scene.answer(about, citation(1, chunks(hers, 1)[0]))
    await scene.answer(other)
    async with scene.ledger.write() as unit:
        await unit.questions.refer(scene.tenant_id, given.id, about.id)
        await unit.feedback.put(Feedback(scene.tenant_id, about.id, Verdict.DOWN, None, NOON))
        entry = CachedAnswer(scene.tenant_id, "k" * 64, "b" * 64, about.id, NOON, NOON)
        await unit.answer_cache.put(entry, [hers.id], 10)
    ref = await scene.ask()
    await scene.erase(ref)
    async with scene.ledger.read() as unit:
        left = [each.id for each in (about, given, naming, other) if await unit.questions.get(scene.tenant_id, each.id)]
        assert left == [other.id]
        assert await unit.personal.count_cached(scene.tenant_id, [about.id], [hers.id]) == 0
    reports = await scene.reports(ref)
    assert [reports[name].erased for name in (StoreName.QUESTIONS, StoreName.FEEDBACK)] == [3, 1]


async def test_a_users_own_questions_and_credentials_go_and_what_they_paid_for_stays(scene: Scene) -> None:
    user, other = new_id(), new_id()
    own, others = await scene.question(principal_id=user), await scene.question(principal_id=other)
    keys = [ApiKey(scene.tenant_id, new_id(), each, Role.READER, frozenset(), each * 2, NOON) for each in (user, other)]
    call = ProcessorCall(
        scene.tenant_id, new_id(), "openai", "eu", "m", Operation.EMBED, 1, 7, "answered", NOON, principal_id=user
    )
    async with scene.ledger.write() as unit:
        for each in keys:
            await unit.api_keys.add(replace(each, secret_sha256=each.secret_sha256[:64]))
        await unit.processor_calls.add(call, [])
    await scene.erase(await scene.ask(user, kind=IdentifierKind.PRINCIPAL))
    async with scene.ledger.read() as unit:
        assert await unit.questions.get(scene.tenant_id, own.id) is None
        assert await unit.questions.get(scene.tenant_id, others.id) is not None
        assert [each.principal_id for each in await unit.api_keys.list(scene.tenant_id)] == [other]
        assert await unit.personal.count(scene.tenant_id, ItemKind.PRINCIPAL, [user]) == 0
        assert [each.tokens for each in await unit.processor_calls.usage(scene.tenant_id, at(-1), at(1))] == [7]


async def test_free_text_that_names_the_person_is_found_without_any_link(scene: Scene) -> None:
    _, says = await scene.add(BOB, text=f"Write to {ADA} about the engine.")
    ref = await scene.ask()
    await scene.erase(ref)
    async with scene.ledger.read() as unit:
        held = await unit.erasures.items(scene.tenant_id, ref.erasure_id, states=[ItemState.HELD])
    assert [(each.ref, each.code) for each in held] == [(says.id, SHARED)]


async def test_what_says_the_name_goes_whatever_it_is_linked_to(scene: Scene) -> None:
    _, his = await scene.add(BOB)
    key = await scene.keyring.get(scene.tenant_id, his.id)
    says, silent = (
        letter(his, step=step, sealed_detail=seal_text(key, Purpose.FAILURE, text))
        for step, text in (("parse", f"cannot read mail to <{ADA.upper()}>"), ("chunk", "cannot read mail"))
    )
    response = record(scene.tenant_id)
    own = await scene.keyring.create(scene.tenant_id, response.key_id)
    prefix_id = new_id()
    prefix = seal_text(await scene.keyring.create(scene.tenant_id, prefix_id), Purpose.PREFIX, f"imap://{ADA}/")
    async with scene.ledger.write() as unit:
        for each in (says, silent):
            await unit.dead_letters.record(each)
        await unit.idempotency.claim(
            replace(response, sealed_body=seal_text(own, Purpose.IDEMPOTENCY, f'{{"title": "{ADA}"}}'))
        )
        await unit.tenants.lock(scene.tenant_id)
        await unit.quarantines.add(
            Quarantine(scene.tenant_id, prefix_id, QuarantineKind.SOURCE_PREFIX, "t", "asked", new_id(), prefix, NOON)
        )
    ref = await scene.ask()
    again = await scene.erase(ref)
    assert (again.found, again.again) == (0, 0)
    async with scene.ledger.read() as unit:
        assert await unit.dead_letters.get(scene.tenant_id, says.id) is None
        assert await unit.dead_letters.get(scene.tenant_id, silent.id) is not None
        in_force = await unit.quarantines.get(scene.tenant_id, prefix_id)
        assert await unit.personal.count(scene.tenant_id, ItemKind.RESPONSE, [response.key_id]) == 0
    assert in_force
    assert (in_force.sealed_prefix, in_force.lifted_at) == (b"", None)
    assert await scene.keyring.get_many(scene.tenant_id, [prefix_id, response.key_id]) == {}


async def test_a_held_request_waits_and_goes_on_after_the_release(scene: Scene) -> None:
    _, hers = await scene.add(ADA)
    ref = await scene.ask()
    await scene.discover(ref)
    await _set(scene, ref.erasure_id, ErasureState.HELD)
    assert (await scene.activities.look_at_erasure(ref)).waits_for == "release"
    assert all(erased.is_held for erased in await scene.take_out(ref))
    assert await _is_there(scene, hers) == EVERYWHERE
    await _set(scene, ref.erasure_id, ErasureState.ERASING)
    await scene.erase(ref)
    assert await _is_there(scene, hers) == []


async def test_what_comes_back_is_found_by_the_next_round(scene: Scene) -> None:
    _, hers = await scene.add(ADA)
    ref = await scene.ask()
    await scene.discover(ref)
    await scene.take_out(ref)
    late = (await scene.add(ADA))[1]
    await scene.blobs.write(f"{blob_prefix(scene.tenant_id, hers.id)}original", _zombie())
    second = await scene.discover(ref, 2)
    assert second.found
    assert second.again == 1
    # A worker died before it could tell: what the attempt wrote down is not forgotten.
    assert (await scene.discover(ref, 2)).found
    await scene.take_out(ref, 2)
    third = await scene.discover(ref, 3)
    assert (third.found, third.again) == (0, 0)
    assert (await _is_there(scene, hers), await _is_there(scene, late)) == ([], [])


async def test_a_store_that_still_shows_something_is_asked_again(scene: Scene) -> None:
    _, hers = await scene.add(ADA)
    ref = await scene.ask()
    await scene.discover(ref)
    deleting, scene.blobs.delete_prefix = scene.blobs.delete_prefix, _deletes_nothing
    with pytest.raises(ErasureIncomplete):
        await scene.take_out(ref)
    assert await scene.open_items(ref)
    scene.blobs.delete_prefix = deleting
    await scene.take_out(ref)
    assert await _is_there(scene, hers) == []


async def test_bytes_are_purged_only_when_no_build_of_before_is_left(scene: Scene) -> None:
    await scene.add(ADA)
    ref = await scene.ask()
    await scene.erase(ref)
    purged = await scene.activities.purge_stores(ref)
    assert purged.pending == [StoreName.VECTORS, StoreName.KEYWORDS]
    assert await scene.state(ref) is ErasureState.PURGING
    reports = await scene.reports(ref)
    assert reports[StoreName.BLOBS].purge is PurgeState.PURGED
    assert reports[StoreName.BACKUPS].purge is PurgeState.AGES_OUT
    assert reports[StoreName.BACKUPS].horizon_at
    async with scene.ledger.write() as unit:
        for each in scene.builds:
            await unit.builds.set_state(scene.tenant_id, each.id, BuildState.DROPPED)
        for each in await unit.builds.list(scene.tenant_id):
            await unit.builds.set_state(scene.tenant_id, each.id, BuildState.ACTIVE)
    assert (await scene.activities.purge_stores(ref)).pending == []
    assert await scene.state(ref) is ErasureState.PURGED


async def _set(scene: Scene, erasure_id: str, state: ErasureState) -> None:
    async with scene.ledger.write() as unit:
        await unit.tenants.lock(scene.tenant_id)
        request = await unit.erasures.get(scene.tenant_id, erasure_id)
        assert request
        await unit.erasures.update(replace(request, state=state, held_from=request.state))


async def _zombie():
    yield b"late"


async def _deletes_nothing(prefix: str) -> int:
    return 0
