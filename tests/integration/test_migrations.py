"""A tenant's index changes its model under real workers on real stores, is taken back, and changes it for good."""

import asyncio
import time
from collections.abc import Callable

import pytest

from lethe.adapters.clock import SystemClock
from lethe.adapters.embedding.free import FreeEmbedder
from lethe.indexing.migration.migrations import Migrations
from lethe.indexing.migration.planning import MigrationPlanner, MigrationWish
from lethe.indexing.migration.targets import Target
from lethe.model.ids import Id, new_id
from lethe.model.indexes import BuildKind, IndexBuild
from lethe.model.migrations import Migration, MigrationMove, MigrationState
from lethe.ports.search import Found, SearchRequest
from lethe.retrieval.ladder import KeywordRung
from lethe.retrieval.search import Search
from tests.integration.installation import Installation
from workflows.starters import Starters

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]

OTHER = FreeEmbedder(revision=2)


def service(installed: Installation) -> Migrations:
    targets = tuple(Target(each.spec, 254) for each in (installed.embedder, OTHER))
    settings = installed.settings
    planner = MigrationPlanner(installed.ledger, targets, 222, settings.answering, settings.migrations)
    return Migrations(installed.ledger, SystemClock(), planner, settings.indexing.soak_pause_seconds)


async def found(installed: Installation, text: str) -> Found:
    tenant_id = installed.caller.tenant_id
    async with installed.ledger.read() as uow:
        seq = await uow.tenants.seq(tenant_id)
    search = Search(
        installed.ledger, installed.keyring, installed.index, installed.embedder, installed.settings.retrieval,
        KeywordRung(installed.ledger, installed.keywords), others=(OTHER,),
    )  # fmt: skip
    return await search.find(SearchRequest(tenant_id, frozenset({tenant_id}), seq, text, 5, 0.5))


async def reached(installed: Installation, migration_id: Id, is_there: Callable[[Migration], bool]) -> Migration:
    deadline = time.monotonic() + 120
    while True:
        migration = (await service(installed).get(installed.caller, migration_id)).migration
        if is_there(migration):
            return migration
        assert time.monotonic() < deadline, migration
        await asyncio.sleep(0.1)


async def begun(installed: Installation, **wish: object) -> Migration:
    made = MigrationWish(model=OTHER.spec.key, **wish)  # type: ignore[arg-type]
    migration = await service(installed).begin(installed.caller, made, new_id())
    async with installed.ledger.read() as uow:
        pending = await uow.dispatches.pending(SystemClock().now(), 50)
    (dispatch,) = [each for each in pending if each.ref == migration.id]
    await Starters(installed.client).start(dispatch)
    return migration


async def builds(installed: Installation) -> list[IndexBuild]:
    async with installed.ledger.read() as uow:
        listed = await uow.builds.list(installed.caller.tenant_id)
    return [build for build in listed if build.kind is BuildKind.VECTOR]


@pytest.mark.timeout(300)
async def test_it_changes_the_model_is_taken_back_and_changes_it_for_good(
    free: Installation, record_property: Callable[[str, object], None]
) -> None:
    probes = [f"tides of the river {number}" for number in range(5)]
    async with free.worker():
        receipts = [
            await free.ingest(
                f"The tides of river {number} turn.\n\nLogs say so, number {number}.", f"file:///r{number}"
            )
            for number in range(6)
        ]
        for receipt in receipts:
            assert (await free.ended(receipt.document_id)).status == "ready"
        before = {probe: [each.chunk_id for each in (await found(free, probe)).passages] for probe in probes}
        first = await begun(free, soak_seconds=3600.0)
        serving = await reached(free, first.id, lambda each: each.state is MigrationState.SOAKING)
        assert serving.report["failures"] == []
        assert serving.report["vectors"] == serving.report["sampled"] > 0
        now = await found(free, probes[0])
        assert (now.spec, now.reasons, now.build_id) == (OTHER.spec.key, (), first.id)
        started = time.perf_counter()
        back = await service(free).move(free.caller, first.id, MigrationMove.ROLLBACK)
        took = time.perf_counter() - started
        assert (back.migration.state, back.lag) == (MigrationState.ROLLED_BACK, 0)
        record_property("rollback without lag, s", round(took, 3))
        after = {probe: [each.chunk_id for each in (await found(free, probe)).passages] for probe in probes}
        assert after == before
        await Starters(free.client).look_at_migration(free.caller.tenant_id, first.id)
        await reached(free, first.id, lambda each: each.ended_at is not None)
        assert [build.spec for build in await builds(free)] == [free.embedder.spec.key]

        second = await begun(free, soak_seconds=0.0)
        edited = await free.ingest("Another text about tides.", "file:///r1")
        await free.result(edited)
        ended = await reached(free, second.id, lambda each: each.ended_at is not None)
        assert ended.state is MigrationState.FINISHED
        (left,) = await builds(free)
        assert (left.id, left.spec) == (second.id, OTHER.spec.key)
        later = await free.ingest("What comes after it.", "file:///later")
        await free.result(later)
        fresh = await found(free, "what comes after it")
        assert (fresh.spec, fresh.reasons) == (OTHER.spec.key, ())
        assert fresh.passages[0].document_id == later.document_id
