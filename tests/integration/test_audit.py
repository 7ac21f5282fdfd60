"""The audit on the real engines: what is changed behind the ledger's back is found and put right, nothing else is."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from weaviate.collections import CollectionAsync

from lethe.adapters.clock import SystemClock
from lethe.contracts.audit import AuditAllRun, AuditRef, AuditReport, AuditRun, AuditTally
from lethe.errors import IngestionClosed
from lethe.ingestion.bulk.receiving import Receiving
from lethe.ingestion.requests import MetadataPatch, Receipt
from lethe.model.audits import AuditState, AuditTrigger
from lethe.model.documents import Status
from lethe.model.ids import Id, new_id
from lethe.model.indexes import BuildKind, IndexBuild
from lethe.model.ingestions import IngestionState
from lethe.ports.search import SearchRequest
from tests.integration.installation import Installation, once
from tests.integration.snapshot import vector_store
from workflows.audit import AuditAll, AuditTenant
from workflows.policies import Queue
from workflows.schedules import AUDIT

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]


async def audit(installation: Installation, trigger: AuditTrigger = AuditTrigger.REQUEST) -> AuditReport:
    """One audit, as the API or the nightly round starts it."""
    ref = AuditRef(tenant_id=installation.caller.tenant_id, audit_id=new_id(), trigger=trigger)
    handle = await installation.client.start_workflow(
        AuditTenant.run,
        AuditRun(audit=ref),
        id=f"audit-tenant/{ref.tenant_id}/{ref.audit_id}",
        task_queue=Queue.CONTROL,
    )
    return await handle.result()


async def found(installation: Installation, trigger: AuditTrigger = AuditTrigger.REQUEST) -> AuditTally:
    """In the vector build; the keyword build has what the ledger has."""
    report = await audit(installation, trigger)
    by_build = {each.build_id: each.tally for each in report.builds}
    tally = by_build.pop((await active_build(installation)).id)
    assert [differences(words) for words in by_build.values()] == [(0, 0, 0, 0)]
    return tally


def differences(tally: AuditTally) -> tuple[int, int, int, int]:
    return tally.orphans, tally.holes, tally.stale, tally.repaired


async def active_build(installation: Installation) -> IndexBuild:
    async with installation.ledger.read() as uow:
        build = await uow.builds.active(installation.caller.tenant_id, BuildKind.VECTOR)
    assert build
    return build


async def ingested(installation: Installation, count: int, folder: str, **fields: object) -> list[Receipt]:
    receipts = [
        await installation.ingest(
            f"The {folder} lantern number {n} hangs in hall {n}.", f"file:///{folder}/{n}.txt", **fields
        )
        for n in range(count)
    ]
    for receipt in receipts:
        await installation.result(receipt)
    return receipts


async def first_found(installation: Installation, text: str, readers: frozenset[Id] | None = None) -> list[Id]:
    """Documents found by keywords, best first, as of now."""
    tenant_id = installation.caller.tenant_id
    async with installation.ledger.read() as uow:
        seq = await uow.tenants.seq(tenant_id)
    request = SearchRequest(tenant_id, readers or frozenset({tenant_id}), seq, text, 10, 0.0)
    return [passage.document_id for passage in (await installation.search.find(request)).passages]


async def chunk_ids(installation: Installation, receipts: Sequence[Receipt]) -> list[Id]:
    async with installation.ledger.read() as uow:
        return [
            chunk.id
            for receipt in receipts
            for chunk in await uow.chunks.of_version(installation.caller.tenant_id, receipt.version_id)
        ]


async def test_what_is_deleted_and_added_behind_its_back_is_put_right(running: Installation) -> None:
    receipts = await ingested(running, 6, "backs")
    build = await active_build(running)
    ids = await chunk_ids(running, receipts)
    async with vector_store(running) as client:
        objects: CollectionAsync[Any, Any] = client.collections.use(build.collection).with_tenant(build.physical_tenant)
        for chunk_id in ids[:3]:
            assert await objects.data.delete_by_id(chunk_id)
        for _ in range(4):
            # As a writer of ours would, of a version the ledger has no row of; and with nothing of ours at all.
            await objects.data.insert({"version_id": new_id(), "ordinal": 0, "terms": "lantern"}, vector=[0.1] * 384)
        await objects.data.insert({}, vector=[0.2] * 384)
        assert len(await first_found(running, "backs lantern")) == 3

        tally = await found(running)
        assert (tally.orphans, tally.holes, tally.repaired) == (5, 3, 8)
        assert tally.expected >= 6
        there = {str(item.uuid) async for item in objects.iterator()}
    assert set(ids) <= there
    assert differences(await found(running)) == (0, 0, 0, 0)
    assert set(await first_found(running, "backs lantern")) == {receipt.document_id for receipt in receipts}


async def test_stale_readers_and_attributes_are_rewritten(
    running: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = new_id()
    (receipt,) = await ingested(running, 1, "stale", metadata={"team": "yard"}, readers=(group,))
    build = await active_build(running)
    (chunk_id,) = await chunk_ids(running, [receipt])
    async with running.ledger.write() as uow:
        version = await uow.versions.get(running.caller.tenant_id, receipt.version_id)
        assert version
        # Settled: whoever was to bring the index after had its time.
        await uow.versions.update(replace(version, updated_at=version.updated_at - timedelta(hours=1)))
    async with vector_store(running) as client:
        objects = client.collections.use(build.collection).with_tenant(build.physical_tenant)
        await objects.data.update(chunk_id, properties={"readers": [new_id()], "attributes": ["team=dock"]})
    assert await first_found(running, "stale lantern", frozenset({group})) == []
    tally = await found(running)
    assert (tally.stale, tally.orphans, tally.holes) == (1, 0, 0)
    assert await first_found(running, "stale lantern", frozenset({group})) == [receipt.document_id]


async def test_blobs_without_a_version_go_and_lost_originals_are_told(running: Installation) -> None:
    (receipt,) = await ingested(running, 1, "blobs")
    tenant_id, nobody = running.caller.tenant_id, new_id()

    for name in ("original", "elements", "archive/one", "not-ours"):
        await running.blobs.write(f"{tenant_id}/{nobody}/{name}", once(b"left behind"))
    report = await audit(running)
    assert (report.blobs.orphans, report.blobs.holes, report.blobs.repaired) == (3, 0, 3)
    assert [key async for key in running.blobs.list(f"{tenant_id}/{nobody}")] == [f"{tenant_id}/{nobody}/not-ours"]
    await running.blobs.delete_prefix(f"{tenant_id}/{nobody}")

    await running.blobs.delete_prefix(f"{tenant_id}/{receipt.version_id}/original")
    report = await audit(running)
    assert (report.blobs.orphans, report.blobs.holes) == (0, 1)
    await running.result(await deleted(running, receipt))
    assert (await audit(running)).blobs.holes == 0


async def test_an_archive_goes_when_its_ingestion_is_over_and_not_before(running: Installation) -> None:
    me, now = running.caller, SystemClock().now()
    bulk = Receiving(running.ledger, running.keyring, running.uploads, SystemClock())
    started = await bulk.start(me, 1)
    await bulk.keep_archive(me, started.id, once(b"not unpacked yet"))
    async with running.ledger.read() as uow:
        named = await uow.ingestions.get(me.tenant_id, started.id)
    assert named
    key = f"{me.tenant_id}/{started.id}/archive"
    assert (await audit(running)).blobs.orphans == 0
    assert [found async for found in running.blobs.list(key)] == [named.archive_key]

    # Killed after the blob was written: nobody names it, and once the ingestion is over nobody will.
    async with running.ledger.write() as uow:
        await uow.ingestions.forget_archive(me.tenant_id, started.id)
    assert (await audit(running)).blobs.orphans == 0
    async with running.ledger.write() as uow:
        await uow.ingestions.set_state(me.tenant_id, started.id, IngestionState.CANCELLED, now)
    assert (await audit(running)).blobs.orphans == 1
    assert [found async for found in running.blobs.list(key)] == []

    with pytest.raises(IngestionClosed):
        await bulk.keep_archive(me, started.id, once(b"too late"))
    assert [found async for found in running.blobs.list(key)] == []


async def deleted(installation: Installation, receipt: Receipt) -> Receipt:
    gone = await installation.documents.delete(installation.caller, receipt.document_id)
    await installation.start(gone)
    return gone


async def test_ingestion_edits_and_deletions_under_an_audit_are_no_differences(running: Installation) -> None:
    """Audits one after the other while documents come, change and go: nothing is ever found that is not so."""
    stop = asyncio.Event()
    reports: list[AuditReport] = []

    async def auditing() -> None:
        while not stop.is_set():
            reports.append(await audit(running))

    async def churning(lane: int) -> None:
        for turn in range(6):
            uri = f"file:///churn/{lane}-{turn % 2}.txt"
            text = " ".join(f"Churning lane {lane} turn {turn} sentence {n}." for n in range(60))
            receipt = await running.ingest(text, uri)
            await running.ended(receipt.document_id)
            if turn % 3 == 1:
                patch = await running.documents.patch(
                    running.caller, receipt.document_id, MetadataPatch(metadata={"turn": turn})
                )
                await running.start(patch)
            if turn % 3 == 2:
                await running.result(await deleted(running, receipt))

    auditor = asyncio.create_task(auditing())
    await asyncio.gather(*(churning(lane) for lane in range(3)))
    stop.set()
    await auditor
    assert len(reports) >= 3
    for report in reports:
        assert differences(report.builds[0].tally) == (0, 0, 0, 0)
        assert (report.blobs.orphans, report.blobs.holes) == (0, 0)


async def test_the_schedule_audits_every_tenant_and_keeps_the_result(running: Installation) -> None:
    await ingested(running, 1, "clock")
    tenant_id = running.caller.tenant_id
    schedule = running.client.get_schedule_handle(AUDIT)
    described = await schedule.describe()
    assert described.schedule.spec.jitter
    await schedule.trigger()
    done: list[Id] = []
    while not done:
        await asyncio.sleep(0.1)
        async with running.ledger.read() as uow:
            page = await uow.audits.page(tenant_id, None, 50)
        done = [a.id for a in page if a.trigger is AuditTrigger.SCHEDULE and a.state is AuditState.DONE]
    async with running.ledger.read() as uow:
        counts = await uow.audits.counts(tenant_id, [done[0]])
    assert {(count.store.value, count.orphans, count.holes) for count in counts} == {
        ("blob", 0, 0),
        ("keyword", 0, 0),
        ("vector", 0, 0),
    }
    assert counts[1].expected == counts[1].found > 0


async def test_a_person_can_start_a_round_without_input(running: Installation) -> None:
    handle = await running.client.start_workflow(AuditAll.run, id=f"by-hand-{new_id()}", task_queue=Queue.CONTROL)
    assert await handle.result() == 1
    handle = await running.client.start_workflow(
        AuditAll.run, AuditAllRun(), id=f"by-hand-{new_id()}", task_queue=Queue.CONTROL
    )
    assert await handle.result() == 1
    assert (await running.documents.page(running.caller, Status.READY, None, 1)).views
