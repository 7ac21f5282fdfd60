"""An index is made anew by real workers on real stores; one is killed while it follows."""

import asyncio
import time

import pytest

from lethe.adapters.clock import SystemClock
from lethe.indexing.planning import BuildPlanner
from lethe.indexing.rebuilding import Rebuilding
from lethe.ingestion.requests import MetadataPatch
from lethe.model.ids import Id, new_id
from lethe.model.indexes import BuildKind, BuildState, IndexBuild
from lethe.ports.search import SearchRequest
from tests.integration.installation import Installation
from workflows.starters import Starters

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]


async def builds(installed: Installation) -> list[IndexBuild]:
    async with installed.ledger.read() as uow:
        listed = await uow.builds.list(installed.caller.tenant_id)
    return [build for build in listed if build.kind is BuildKind.VECTOR]


async def served(installed: Installation) -> dict[Id, tuple[Id, ...]]:
    """The readers of each chunk that is served, by the ledger."""
    tenant_id = installed.caller.tenant_id
    async with installed.ledger.read() as uow:
        versions = [v for v in await uow.versions.changed_after(tenant_id, 0, 1_000) if v.live_until is None]
        return {
            chunk.id: tuple(sorted(version.readers))
            for version in versions
            for chunk in await uow.chunks.of_version(tenant_id, version.id)
        }


async def held(installed: Installation, build: IndexBuild) -> dict[Id, tuple[Id, ...]]:
    return {item.chunk_id: item.readers for item in await installed.index.page(build, None, 1_000)}


@pytest.mark.timeout(300)
async def test_killed_while_it_follows_it_holds_what_the_ledger_serves(free: Installation) -> None:
    tenant_id, clock = free.caller.tenant_id, SystemClock()
    async with free.worker():
        receipts = [
            await free.ingest("\n\n".join(f"Line {place} of log {number}." for place in range(40)), f"file:///{number}")
            for number in range(4)
        ]
        for receipt in receipts:
            assert (await free.ended(receipt.document_id)).status == "ready"
    (old,) = await builds(free)
    rebuilding = Rebuilding(BuildPlanner(free.ledger, free.index, free.keywords, clock))
    since = clock.now()
    assert not await rebuilding.rebuild(tenant_id, BuildKind.VECTOR, since)
    async with free.ledger.read() as uow:
        (dispatch,) = [each for each in await uow.dispatches.pending(clock.now(), 50) if each.kind == "build-index"]
    await Starters(free.client).start(dispatch)
    async with free.worker("follow_build:after") as dying:
        await dying.killed()
    await free.documents.patch(free.caller, receipts[0].document_id, MetadataPatch(readers=(new_id(), tenant_id)))
    await free.documents.delete(free.caller, receipts[1].document_id)
    edited = await free.upload("Another text.", "file:///2")
    async with free.worker():
        await free.start(edited)
        assert (await free.client.get_workflow_handle(dispatch.workflow_id).result())["is_active"]
        await free.result(edited)
        deadline = time.monotonic() + 150
        while not await rebuilding.rebuild(tenant_id, BuildKind.VECTOR, since):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.1)
        (new,) = await builds(free)
        while await held(free, new) != await served(free):
            assert time.monotonic() < deadline, (await held(free, new), await served(free))
            await asyncio.sleep(0.1)
    assert (new.state, new.id) == (BuildState.ACTIVE, dispatch.ref)
    assert not await free.index.exists(old)
    async with free.ledger.read() as uow:
        seq = await uow.tenants.seq(tenant_id)
    found = await free.search.find(SearchRequest(tenant_id, frozenset({tenant_id}), seq, "Another text", 3, 0.5))
    assert found.build_id == new.id
    assert found.passages
