"""Keyword builds beside the vector build: filled by every way in, kept by every change, made anew where one is lost."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import pytest

from lethe.adapters.clock import SystemClock
from lethe.indexing.keyword_builds import KeywordBuilds
from lethe.ingestion.requests import MetadataPatch, Receipt
from lethe.model.ids import Id, chunk_id, new_id
from lethe.model.indexes import BuildKind, BuildState, IndexBuild
from lethe.ports.vectors import HybridQuery, KeywordObject
from tests.integration.installation import Installation
from tests.integration.test_audit import audit, differences
from tests.keyword_rows import Words, keyword_rows

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]


async def active(installation: Installation) -> IndexBuild | None:
    async with installation.ledger.read() as uow:
        return await uow.builds.active(installation.caller.tenant_id, BuildKind.KEYWORD)


async def the_active(installation: Installation) -> IndexBuild:
    build = await active(installation)
    assert build
    return build


async def words(installation: Installation, *receipts: Receipt) -> list[Words]:
    """What the stores hold of these documents, read past Lethe."""
    settings = installation.settings
    held = await keyword_rows(settings.sql_url, settings.keyword_folder)
    return [each for each in held if each.document_id in {receipt.document_id for receipt in receipts}]


async def found(installation: Installation, text: str, readers: Sequence[Id] = ()) -> set[Id]:
    who = frozenset(readers or [installation.caller.tenant_id])
    query = HybridQuery(text, None, 0.0, 50, who)
    return {hit.document_id for hit in await installation.keywords.search(await the_active(installation), query)}


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(90):
        while not await holds():
            await asyncio.sleep(0.1)


async def ingested(installation: Installation, text: str, uri: str, **fields: object) -> Receipt:
    receipt = await installation.ingest(text, uri, **fields)
    await installation.result(receipt)
    return receipt


async def test_words_come_change_and_go_with_their_document(running: Installation) -> None:
    first = await ingested(running, "The halyard frayed.", "file:///rope.txt", metadata={"team": "deck"})
    (held,) = await words(running, first)
    assert (held.version_id, held.readers) == (first.version_id, (running.caller.tenant_id,))
    assert (held.terms, held.attributes) == (("frayed", "halyard", "rope", "the"), ("team=deck",))

    second = await ingested(running, "The mainsail tore.", "file:///rope.txt")

    async def is_replaced() -> bool:
        return {each.version_id for each in await words(running, second)} == {second.version_id}

    await until(is_replaced)
    assert await found(running, "frayed") == set()
    assert await found(running, "mainsail") == {second.document_id}

    group = new_id()
    patch = MetadataPatch(readers=(group,), metadata={"team": "yard"})
    changed = await running.documents.patch(running.caller, second.document_id, patch)
    await running.start(changed)
    await running.result(changed)
    (held,) = await words(running, second)
    assert (held.readers, held.attributes) == ((group,), ("team=yard",))
    assert await found(running, "mainsail") == set()
    assert await found(running, "mainsail", [group]) == {second.document_id}

    gone = await running.documents.delete(running.caller, second.document_id)
    await running.start(gone)
    await running.result(gone)
    assert await words(running, second) == []


async def test_an_audit_puts_right_what_is_written_behind_its_back(running: Installation) -> None:
    receipts = [await ingested(running, f"The capstan {n} turns.", f"file:///capstan/{n}.txt") for n in range(3)]
    build = await the_active(running)
    stranger = new_id()
    lost, stale = chunk_id(receipts[0].version_id, 0), receipts[1].version_id
    await running.keywords.delete_objects(build, [lost])
    await running.keywords.write(
        build, [KeywordObject(chunk_id(stranger, 0), stranger, stranger, 0, "capstan", (running.caller.tenant_id,), ())]
    )
    await running.keywords.update_properties(build, stale, (new_id(),), ("team=none",))
    async with running.ledger.write() as uow:
        version = await uow.versions.get(running.caller.tenant_id, stale)
        assert version
        long_ago = version.updated_at.replace(year=version.updated_at.year - 1)
        await uow.versions.update(replace(version, updated_at=long_ago))
    report = await audit(running)
    tally = next(each.tally for each in report.builds if each.build_id == build.id)
    assert differences(tally) == (1, 1, 1, 3)
    assert await found(running, "capstan") == {receipt.document_id for receipt in receipts}
    again = await audit(running)
    assert [differences(each.tally) for each in again.builds] == [(0, 0, 0, 0)] * 2


async def test_a_lost_build_is_made_anew_and_filled_from_the_beginning(running: Installation) -> None:
    """Also what a tenant gets that has documents and no keyword build yet."""
    receipts = [await ingested(running, f"The winch {n} hums.", f"file:///winch/{n}.txt") for n in range(3)]
    before, lost = await words(running, *receipts), await the_active(running)
    on_its_way = await running.upload("The winch 9 hums.", "file:///winch/9.txt")
    await running.keywords.drop_build(lost)

    await KeywordBuilds(running.ledger, running.keywords).ensure(running.caller.tenant_id, SystemClock().now())
    await running.start(on_its_way)
    await running.result(on_its_way)

    async def is_whole() -> bool:
        build = await active(running)
        return build is not None and build.id != lost.id

    await until(is_whole)
    after = await words(running, *receipts)
    build = await the_active(running)
    assert {each.build for each in after} == {build.physical_tenant}
    assert sorted((replace(each, build=lost.physical_tenant) for each in after), key=lambda each: each.id) == sorted(
        before, key=lambda each: each.id
    )
    assert len(await found(running, "winch")) == 4
    async with running.ledger.read() as uow:
        gone = await uow.builds.get(running.caller.tenant_id, lost.id)
    assert gone
    assert gone.state is BuildState.DROPPED
    assert [differences(each.tally) for each in (await audit(running)).builds] == [(0, 0, 0, 0)] * 2


async def test_an_ingestion_that_meets_a_lost_build_makes_another(running: Installation) -> None:
    lost = await the_active(running)
    await running.keywords.drop_build(lost)
    receipt = await ingested(running, "The bollard rusts.", "file:///bollard.txt")

    async def is_whole() -> bool:
        build = await active(running)
        return build is not None and build.id != lost.id

    await until(is_whole)
    assert await found(running, "bollard") == {receipt.document_id}
