"""Rounds over every kind of place, on real servers: what it holds is found, changes, goes, and stays forgotten."""

import shutil
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from importlib.util import find_spec
from typing import Any

import pytest
import pytest_asyncio
from temporalio.client import WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from lethe.ingestion.sync.rounds import shared_look
from lethe.model.operations import DispatchKind
from lethe.model.sources import SourceKind
from lethe.model.syncs import Sync, SyncState
from lethe.model.workflow_ids import dispatch_id, erasure_workflow_id
from lethe.settings import ErasureSettings, KeySettings, LimitSettings, SourceSettings, SyncSettings, WeaviateSettings
from tests.conftest import settings_at
from tests.contract.places import GitPlace, S3Place, WebPlace
from tests.contract.sources import Place
from tests.integration.followed import Followed, FollowedFolder, until
from tests.integration.installation import Installation, installation
from tests.integration.test_audit import first_found
from tests.integration.test_erase_subject import ADA, erase
from tests.servers.s3 import running_s3
from tests.servers.web import web_site

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

NOTES = ("The quay is swept at dawn.", "A crane stands idle.", "One buoy is missing.", "The pilot is at sea.")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def places(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[dict[SourceKind, Place]]:
    """As far as this machine has what reads them."""
    async with AsyncExitStack() as stack:
        found: dict[SourceKind, Place] = {SourceKind.WEB: WebPlace(await stack.enter_async_context(web_site()))}
        if shutil.which("git"):
            found[SourceKind.GIT] = GitPlace(tmp_path_factory.mktemp("git") / "repository")
        if find_spec("s3fs") and find_spec("moto"):
            found[SourceKind.OBJECT_STORE] = S3Place(stack.enter_context(running_s3()))
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def attended(
    places: dict[SourceKind, Place],
    temporal_address: str,
    weaviate: WeaviateSettings,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncGenerator[Installation]:
    """A worker runs, and may read these places. Embeddings cost nothing."""
    base, folder = settings_at(tmp_path_factory.mktemp("state")), tmp_path_factory.getbasetemp()
    settings = base.model_copy(
        update={
            "limits": LimitSettings(drop_after_seconds=1),
            "keys": KeySettings(cache_seconds=1),
            "erasure": ErasureSettings(drain_seconds=1),
            "sync": SyncSettings(recheck_seconds=1),
            "sources": _all_of([SourceSettings(folders=(str(folder),)), *(each.settings for each in places.values())]),
            "testing": base.testing.model_copy(update={"free_embedder": True}),
        }
    )
    async with installation(settings, temporal_address, weaviate) as ready, ready.worker():
        yield ready


def _all_of(settings: list[SourceSettings]) -> SourceSettings:
    """What any of them allows."""
    return SourceSettings(
        folders=tuple(base for each in settings for base in each.folders),
        repositories=tuple(base for each in settings for base in each.repositories),
        private_hosts=tuple(host for each in settings for host in each.private_hosts),
        credentials=tuple(entry for each in settings for entry in each.credentials),
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def forgetting(
    attended: Installation, tmp_path_factory: pytest.TempPathFactory
) -> tuple[FollowedFolder, WorkflowHandle[Any, Any]]:
    """A folder with somebody in it, and her erasure, which has begun and takes half a minute."""
    followed = FollowedFolder(attended, tmp_path_factory.mktemp("folder"))
    followed.write("ada.txt", f"Ada wrote notes on an engine; write to {ADA}.")
    for number, text in enumerate(NOTES):
        followed.write(f"{number}.txt", text)
    await followed.register()
    await followed.sync()
    assert await first_found(attended, "lovelace")
    erasure_id = await erase(attended, ADA)
    workflow_id = erasure_workflow_id(attended.caller.tenant_id, erasure_id)
    return followed, attended.client.get_workflow_handle(workflow_id)


@pytest.mark.usefixtures("forgetting")
@pytest.mark.parametrize("kind", [SourceKind.OBJECT_STORE, SourceKind.GIT, SourceKind.WEB])
async def test_what_a_place_holds_is_found_and_follows_it(
    attended: Installation, places: dict[SourceKind, Place], kind: SourceKind
) -> None:
    if kind not in places:
        pytest.skip("what reads it is not installed")
    place = places[kind]
    for number, text in enumerate(NOTES):
        await place.put(f"notes/{number}.txt", text.encode())
    followed = await Followed(attended, place.source).register()
    first = await followed.sync()
    assert (first.state, first.listed, first.added, first.failed) == (SyncState.DONE, 4, 4, 0)
    (crane,), (buoy,) = await followed.found("crane"), await followed.found("buoy")

    await place.put("notes/1.txt", b"A ferry has moored.")
    await place.put("notes/more/new.txt", b"The lighthouse is painted.")
    await place.remove("notes/2.txt")
    second = await followed.sync()
    counts = (second.listed, second.added, second.updated, second.skipped, second.vanished, second.deleted)
    assert (second.state, counts, second.failed) == (SyncState.DONE, (4, 1, 1, 2, 1, 1), 0)
    assert await followed.found("ferry") == {crane}
    assert await followed.found("crane") | await followed.found("buoy") == set()
    found = [await followed.found(word) for word in ("quay", "ferry", "pilot", "lighthouse")]
    documents = {document.id for document in await followed.documents()}
    assert ([len(each) for each in found], set.union(*found)) == ([1] * 4, documents)
    assert buoy not in documents

    third = await followed.sync()
    assert (third.listed, third.skipped, third.ingestion_id) == (4, 4, None)


async def test_who_was_erased_does_not_come_back_by_a_round(
    attended: Installation, forgetting: tuple[FollowedFolder, WorkflowHandle[Any, Any]]
) -> None:
    followed, erasing = forgetting
    assert (await erasing.result())["phase"] == "verified"
    assert not await first_found(attended, "lovelace")

    unchanged = await followed.sync()
    assert (unchanged.skipped, unchanged.added, unchanged.suppressed) == (5, 0, 0)
    followed.write("ada.txt", f"Ada wrote a sonnet on an engine; write to {ADA}.")
    followed.write(f"letters/{ADA}.txt", "A sonnet of somebody's.")
    followed.write("4.txt", "The engine is cold.")
    sync = await followed.sync()
    assert (sync.state, sync.listed, sync.suppressed) == (SyncState.DONE, 7, 2)
    assert (sync.added, sync.updated, sync.failed, len(await followed.documents())) == (1, 0, 1, 5)
    assert [len(await first_found(attended, word)) for word in ("lovelace", "sonnet", "cold")] == [0, 0, 1]

    async def is_looked_after() -> bool:
        return await _is_looked_after(attended, sync)

    await until(is_looked_after)
    assert not await _is_looked_after(attended, unchanged)


async def _is_looked_after(at: Installation, sync: Sync) -> bool:
    """Whether everybody who was erased is looked for again because of that round."""
    assert sync.ended_at
    cause, _ = shared_look(sync.tenant_id, sync.ended_at, at.settings.sync.recheck_seconds)
    looks = at.client.get_workflow_handle(dispatch_id(DispatchKind.RECHECK_ERASURES, sync.tenant_id, cause))
    try:
        await looks.result()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return False
    return True
