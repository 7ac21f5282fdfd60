"""A folder that a tenant follows, on real servers: by hand, by schedule, by events, and killed in the middle."""

import os
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from lethe.ingestion.sync.registry import SourceWish
from lethe.model.ids import new_id
from lethe.model.operations import DispatchKind
from lethe.model.schedules import Timing
from lethe.model.syncs import Decision, SyncState, SyncTrigger
from lethe.model.workflow_ids import dispatch_id, schedule_id
from lethe.settings import LimitSettings, SourceSettings, WeaviateSettings
from tests.conftest import settings_at
from tests.integration.followed import FollowedFolder, overdue_among, until
from tests.integration.installation import Installation, environment_of, installation
from tests.integration.test_api_process import api
from tests.integration.test_audit import audit, differences, first_found
from tests.integration.test_cli_letters import Cli

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def prepared_sources(
    temporal_address: str, weaviate: WeaviateSettings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Installation]:
    """No worker runs. Embeddings cost nothing."""
    base = settings_at(tmp_path_factory.mktemp("state"))
    settings = base.model_copy(
        update={
            "limits": LimitSettings(drop_after_seconds=1),
            "sources": SourceSettings(folders=(str(tmp_path_factory.getbasetemp()),)),
            "testing": base.testing.model_copy(update={"free_embedder": True}),
        }
    )
    async with installation(settings, temporal_address, weaviate) as ready:
        yield ready


@pytest_asyncio.fixture(loop_scope="module")
async def unattended(prepared_sources: Installation, tmp_path: Path) -> FollowedFolder:
    return FollowedFolder(prepared_sources, tmp_path)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def attended(prepared_sources: Installation) -> AsyncGenerator[Installation]:
    async with prepared_sources.worker():
        yield prepared_sources


@pytest_asyncio.fixture(loop_scope="module")
async def followed(attended: Installation, tmp_path: Path) -> FollowedFolder:
    return FollowedFolder(attended, tmp_path)


async def test_killed_while_it_takes_in_and_while_it_deletes_a_round_comes_to_the_same_end(
    unattended: FollowedFolder,
) -> None:
    """The first of the file: no worker may run yet, and the tenant has no other documents."""
    for number in range(8):
        unattended.write(f"{number}.txt", f"Beacon number {number} is lit at dusk.")
    await unattended.register()
    first = await unattended.rounds.order(unattended.at.caller, unattended.id, is_dry_run=False)
    await unattended.start(DispatchKind.SYNC_SOURCE)
    # One item is an upload by then, and nobody has been told.
    await unattended.at.worker("sync.take:before").killed()
    async with unattended.at.worker("remove_deleted:after") as worker:
        done = await unattended.rested(first.id)
        assert (done.state, done.listed, done.added, done.updated, done.failed) == (SyncState.DONE, 8, 8, 0, 0)
        for number in (0, 1, 8, 9, 10):
            unattended.write(f"{number}.txt", f"Beacon number {number} is lit at dawn.")
        (unattended.folder / "2.txt").unlink()
        second = await unattended.rounds.order(unattended.at.caller, unattended.id, is_dry_run=False)
        await unattended.start(DispatchKind.SYNC_SOURCE)
        await worker.killed()
    async with unattended.at.worker():
        sync = await unattended.rested(second.id)
        counts = (sync.listed, sync.added, sync.updated, sync.skipped, sync.vanished, sync.deleted)
        assert (sync.state, counts, sync.failed) == (SyncState.DONE, (10, 3, 2, 5, 1, 1), 0)
        async with unattended.at.ledger.read() as uow:
            documents = await uow.documents.page(unattended.at.caller.tenant_id, None, None, None, 100)
        assert {each.id for each in documents} == {each.id for each in await unattended.documents()}
        assert (len(await unattended.found("dusk")), len(await unattended.found("dawn"))) == (5, 5)
        assert differences((await audit(unattended.at)).builds[0].tally) == (0, 0, 0, 0)


async def test_a_folder_is_followed(followed: FollowedFolder) -> None:
    for number in range(5):
        followed.write(f"notes/{number}.txt", f"Harbour note {number}: the quay is swept on day {number}.")
    await followed.register()
    dry = await followed.sync(is_dry_run=True)
    assert (dry.state, dry.added, len(await followed.documents())) == (SyncState.DONE, 5, 0)
    first = await followed.sync()
    assert (first.state, first.added, first.failed) == (SyncState.DONE, 5, 0)
    documents = await followed.documents()
    assert {document.id for document in documents} <= set(await first_found(followed.at, "harbour quay"))
    assert await overdue_among(followed, "harbour quay") == {document.id for document in documents}

    os.utime(followed.folder / "notes/0.txt")
    followed.write("notes/1.txt", "Harbour note 1: the quay is closed.")
    followed.write("notes/new.txt", "Harbour note: a new crane.")
    (followed.folder / "notes/2.txt").unlink()
    second = await followed.sync()
    assert (second.added, second.updated, second.skipped, second.deleted, second.failed) == (1, 1, 3, 1, 0)
    assert len(await followed.documents()) == 5
    async with followed.at.ledger.read() as uow:
        versions = await uow.versions.of_documents(followed.at.caller.tenant_id, [each.id for each in documents])
    # Touched only, none of them got a version: nothing was parsed or embedded again.
    assert sorted(each[-1].submission for each in versions.values() if each) == [1, 1, 1, 2]
    third = await followed.sync()
    assert (third.skipped, third.ingestion_id) == (5, None)


async def test_a_folder_that_loses_much_is_asked_about(followed: FollowedFolder) -> None:
    for number in range(5):
        followed.write(f"{number}.txt", f"Ferry number {number} leaves at noon.")
    await followed.register()
    await followed.sync()
    for number in (0, 1):
        (followed.folder / f"{number}.txt").unlink()
    asking = await followed.sync()
    assert (asking.state, asking.vanished, asking.deleted) == (SyncState.NEEDS_ATTENTION, 2, 0)
    assert len(await followed.documents()) == 5
    await followed.rounds.decide(followed.at.caller, followed.id, asking.id, Decision.DELETE)
    await followed.start(DispatchKind.SYNC_SOURCE)

    async def is_over() -> bool:
        return (await followed.rounds.get(followed.at.caller, followed.id, asking.id)).state.is_final

    await until(is_over)
    done = await followed.rounds.get(followed.at.caller, followed.id, asking.id)
    assert (done.state, done.deleted, len(await followed.documents())) == (SyncState.DONE, 2, 3)


async def test_a_folder_that_is_gone_fails_the_round_and_deletes_nothing(followed: FollowedFolder) -> None:
    followed.write("a.txt", "The lighthouse keeper reads the log.")
    await followed.register()
    await followed.sync()
    followed.folder.rename(followed.folder.with_name("elsewhere"))
    failed = await followed.sync()
    assert (failed.state, failed.code, len(await followed.documents())) == (SyncState.FAILED, "source_missing", 1)
    assert (await followed.source()).last_good_at is not None
    told = await followed.told("a.txt")
    assert (told.state, told.code, told.deleted) == (SyncState.FAILED, "source_missing", 0)
    followed.folder.mkdir()  # where the disk was mounted
    told = await followed.told("a.txt")
    assert (told.state, told.vanished, told.deleted) == (SyncState.NEEDS_ATTENTION, 1, 0)
    assert len(await followed.documents()) == 1


async def test_events_sync_what_they_name(followed: FollowedFolder) -> None:
    followed.write("a.txt", "The first anchor.")
    followed.write("b.txt", "The second anchor.")
    await followed.register()
    await followed.sync()
    followed.write("c.txt", "The third anchor.")
    followed.write("d.txt", "The fourth anchor, of which no event tells.")
    (followed.folder / "a.txt").unlink()
    names = ["a.txt", "b.txt", "c.txt"]
    told = [await followed.rounds.notify(followed.at.caller, followed.id, names) for _ in range(2)]
    await followed.start(DispatchKind.SYNC_SOURCE)
    # One round, unless the first had begun: its names wait for another one then, in which nothing has changed.
    rounds = [await followed.rested(sync_id) for sync_id in {each.id for each in told}]
    assert {(each.state, each.listed) for each in rounds} == {(SyncState.DONE, 3)}
    assert (sum(each.added for each in rounds), sum(each.deleted for each in rounds)) == (1, 1)
    assert sum(each.skipped for each in rounds) == 3 * len(rounds) - 2
    assert len(await followed.documents()) == 2


async def test_other_readers_reach_the_documents_without_reading_them_again(followed: FollowedFolder) -> None:
    followed.write("a.txt", "The pilot boards the tanker at the outer buoy.")
    await followed.register()
    await followed.sync()
    (document,) = await followed.documents()
    assert document.id in await first_found(followed.at, "pilot tanker buoy")
    group = new_id()
    _, is_remapped = await followed.sources.change(
        followed.at.caller, followed.id, lambda wish: SourceWish(wish.name, readers=(group,), purpose="pilotage")
    )
    assert is_remapped
    await followed.start(DispatchKind.SYNC_SOURCE)
    (newest, _) = await followed.all_rounds()
    done = await followed.rested(newest.id)
    assert (done.trigger, done.state, done.listed) == (SyncTrigger.CHANGE, SyncState.DONE, 0)
    assert document.id not in await first_found(followed.at, "pilot tanker buoy")
    assert document.id in await first_found(followed.at, "pilot tanker buoy", frozenset({group}))
    (mapped,) = await followed.documents()
    assert (mapped.purpose, mapped.live_version_id) == ("pilotage", document.live_version_id)


async def test_its_schedule_runs_is_paused_and_goes_with_it(followed: FollowedFolder) -> None:
    followed.write("a.txt", "The tide table of the year.")
    await followed.register(timing=Timing(every_seconds=86_400, catch_up_seconds=60))
    tenant_id, source_id = followed.at.caller.tenant_id, followed.id
    handle = followed.at.client.get_schedule_handle(schedule_id(tenant_id, source_id))

    async def is_there() -> bool:
        return bool(await followed.schedules.of_sources(tenant_id, [source_id]))

    await until(is_there)
    await handle.trigger()

    async def has_run() -> bool:
        return any(each.state is SyncState.DONE for each in await followed.all_rounds())

    await until(has_run)
    (ran,) = await followed.all_rounds()
    assert (ran.trigger, ran.added) == (SyncTrigger.SCHEDULE, 1)

    await handle.pause(note="the disk is being moved")
    (paused,) = await followed.schedules.of_sources(tenant_id, [source_id])
    assert (paused.is_paused, paused.paused_by, paused.note) == (True, "operator", "the disk is being moved")
    timing, caller = Timing(every_seconds=43_200), followed.at.caller
    await followed.sources.change(caller, source_id, lambda wish: SourceWish(wish.name, timing=timing))
    await followed.start(DispatchKind.ARRANGE_SOURCE)

    async def is_changed() -> bool:
        (interval,) = (await handle.describe()).schedule.spec.intervals
        return interval.every == timedelta(hours=12)

    await until(is_changed)
    assert (await followed.schedules.of_sources(tenant_id, [source_id]))[0].is_paused
    await followed.pauses.resume(caller, source_id)
    assert not (await followed.pauses.shown(caller, source_id)).is_paused
    await followed.pauses.pause(caller, source_id)
    assert (await followed.pauses.shown(caller, source_id)).paused_by == caller.principal_id
    # Whoever looked at the ledger a moment before the pause is the last to write.
    await followed.schedules.ensure(tenant_id, source_id, timing, None)
    await followed.start(DispatchKind.ARRANGE_SOURCE)

    async def is_paused() -> bool:
        (view,) = await followed.schedules.of_sources(tenant_id, [source_id])
        return view.paused_by == caller.principal_id

    await until(is_paused)
    await followed.pauses.resume(caller, source_id)
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=2)
    await followed.schedules.backfill(tenant_id, source_id, noon - timedelta(hours=6), noon + timedelta(hours=18))

    async def is_made_up_for() -> bool:
        return sum(each.state is SyncState.DONE for each in await followed.all_rounds()) == 3

    await until(is_made_up_for)

    await followed.sources.delete(followed.at.caller, source_id, deletes_documents=True)
    await followed.start(DispatchKind.SYNC_SOURCE)
    ending = followed.at.client.get_workflow_handle(dispatch_id(DispatchKind.SYNC_SOURCE, tenant_id, source_id))
    await ending.result()
    assert not await followed.schedules.of_sources(tenant_id, [source_id])
    assert not await first_found(followed.at, "tide table")


async def test_over_http_and_from_the_command_line(followed: FollowedFolder) -> None:
    followed.write("manual/pumps.txt", "The bilge pump is started with the red lever.")
    followed.write("drafts/secret.txt", "Nobody reads the drafts of the bilge manual.")
    async with api(followed.at.settings) as lethe:
        environment = environment_of(followed.at.settings) | {"LETHE_API__PORT": str(lethe.client.base_url.port)}
        cli = Cli(environment)
        made = await cli.json(
            "sources", "add", "folder", str(followed.folder), "--every", "86400", "--exclude", "drafts/**"
        )
        refused = await lethe.client.post("/v1/sources", json={"name": "x", "kind": "folder", "address": "/etc"})
        assert (refused.status_code, refused.json()["code"]) == (422, "source_address_refused")
        synced = await cli.json("sources", "sync", made["id"])
        assert (synced["state"], synced["added"], synced["listed"]) == ("done", 1, 1)
        assert (await cli.run("sources", "list", "--text")).splitlines()[1].split()[:3] == [
            made["id"],
            "folder",
            "active",
        ]
        found = (await lethe.client.post("/v1/search", json={"question": "bilge pump lever", "alpha": 0})).json()
        assert [item["is_overdue"] for item in found["items"]] == [False]

        async def is_scheduled() -> bool:
            listed = (await lethe.client.get("/v1/schedules")).json()["items"]
            return {"tidy-up", made["id"]} <= {each["id"] for each in listed}

        await until(is_scheduled)
        changed = await cli.json("sources", "change", made["id"], "--every", "7200", "--include", "manual/**")
        assert changed["schedule"]["every_seconds"] == 7200
        assert (changed["filters"]["include"], changed["filters"]["exclude"]) == (["manual/**"], ["drafts/**"])
        paused = await cli.json("sources", "pause", made["id"])
        assert paused["is_paused"]
        assert paused["paused_by"] not in {None, "operator"}
        assert not (await cli.json("sources", "resume", made["id"]))["is_paused"]
        event = {"Records": [{"s3": {"object": {"key": "manual/pumps.txt"}}}]}
        told = await lethe.client.post(f"/v1/sources/{made['id']}/events", json=event)
        assert (told.status_code, told.json()["keys"]) == (202, 1)
        await cli.json("sources", "delete", made["id"], "--documents", "delete")

        async def is_gone() -> bool:
            return (await lethe.client.get(f"/v1/sources/{made['id']}")).status_code == 404

        await until(is_gone)
        assert not (await lethe.client.post("/v1/search", json={"question": "bilge pump", "alpha": 0})).json()["items"]
