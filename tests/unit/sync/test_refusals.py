"""What is refused is met again as soon as what refused it has ended; until then it is not read."""

from dataclasses import replace

import pytest

from lethe.contracts.sync import SyncRef
from lethe.errors import LedgerConflict, SourceItemTooLarge, SourceUnavailable, SubjectSuppressed
from lethe.ingestion.requests import Outcome, Receipt
from lethe.ingestion.sync import rounds, taking
from lethe.ingestion.sync.registry import SourceWish
from lethe.model.documents import Status, Version
from lethe.model.ingestions import IngestionState
from tests.contract.ledger_rows import letter
from tests.unit.sync.following import MANY, Following, fill, reporter


async def fenced(following: Following) -> None:
    """What a fence does to a document that stays."""
    (document,) = await following.documents()
    async with following.house.ledger.write() as uow:
        await uow.documents.update(replace(document, epoch=document.epoch + 1))


async def test_a_change_that_meets_a_fence_is_taken_in_all_the_same(following: Following) -> None:
    fill(following, 1)
    await following.round()
    following.source.put("notes/0.txt", "Changed.", "2")

    async def meanwhile(_: str) -> None:
        await fenced(following)

    following.source.meanwhile = meanwhile
    ref = await following.begin()
    assert not await following.failed(ref, SourceUnavailable)
    await taking.begin_intake(following.deps, ref)
    with pytest.raises(LedgerConflict):
        await taking.take_in(following.deps, ref, reporter(attempt=1))
    sync = await following.follow(ref)
    assert (sync.updated, sync.failed) == (0, 1)
    following.source.meanwhile = None
    assert ((await following.round()).updated, len(following.source.reads)) == (1, 4)


async def test_what_was_too_large_is_read_again_when_the_source_lets_more_through(following: Following) -> None:
    fill(following, 2)
    following.source.unreadable = {"notes/0.txt": SourceItemTooLarge()}
    await following.round()
    following.source.unreadable.clear()
    following.source.reads.clear()
    assert ((await following.round()).added, following.source.reads) == (0, [])

    def more(before: SourceWish) -> SourceWish:
        return replace(before, filters=replace(before.filters, max_item_bytes=2 * before.filters.max_item_bytes))

    await following.sources.change(following.house.admin, following.source_id, more)
    assert ((await following.round()).updated, following.source.reads) == (0, ["notes/0.txt"])
    assert len(await following.documents()) == 2
    assert (await following.round()).skipped == 2


async def test_what_was_too_large_is_read_again_when_the_installation_takes_more(following: Following) -> None:
    following.source.put("long.txt", "x" * 2_000)
    assert (await following.round()).failed == 1
    assert ((await following.round()).skipped, len(following.source.reads)) == (1, 1)
    receiving = following.deps.receiving
    larger = replace(receiving, uploads=replace(receiving.uploads, max_bytes=3_000))
    following.deps = replace(following.deps, receiving=larger)
    assert ((await following.round()).added, len(await following.documents())) == (1, 1)


async def taken(following: Following, ref: SyncRef) -> Version:
    """The one version of the round, which waits to be read."""
    intake = await taking.begin_intake(following.deps, ref)
    assert intake.ingestion_id
    while (await taking.take_in(following.deps, ref, reporter())).is_more:
        pass
    await taking.close_intake(following.deps, ref)
    async with following.house.ledger.read() as uow:
        (version,) = await uow.versions.of_ingestion(ref.tenant_id, intake.ingestion_id, {Status.PENDING}, 0, MANY)
    return version


async def end_failed(following: Following, ref: SyncRef, version: Version, code: str) -> None:
    """The version's text was refused, and the round is over."""
    house, ingestion_id = following.house, version.ingestion_id
    assert ingestion_id
    await house.fail(Receipt(version.document_id, version.id, "", Status.FAILED, Outcome.ADDED))
    refusal = letter(version, code=code)
    async with house.ledger.write() as uow:
        await uow.dead_letters.record(refusal)
        await uow.ingestions.set_state(ref.tenant_id, ingestion_id, IngestionState.DONE, following.clock.now())
    await rounds.finish_round(following.deps, ref)


async def test_what_names_somebody_erased_in_its_text_is_read_again_when_that_is_lifted(following: Following) -> None:
    fill(following, 1)
    ref = await following.begin()
    assert not await following.failed(ref, SourceUnavailable)
    await end_failed(following, ref, await taken(following, ref), SubjectSuppressed.code)
    assert [entry.code for entry in await following.entries()] == [SubjectSuppressed.code]
    following.source.reads.clear()
    assert ((await following.round()).skipped, following.source.reads) == (1, [])
    async with following.house.ledger.write() as uow:
        await uow.suppressions.lift(ref.tenant_id, ["a tag"])
    await following.round()
    assert following.source.reads == ["notes/0.txt"]
    assert len(await following.documents()) == 1


@pytest.mark.parametrize("refused", [True, False])
async def test_readers_that_change_meanwhile_are_still_owed_to_what_is_served(
    following: Following, refused: bool
) -> None:
    """Whether the new version, which has them, is refused or fails."""
    fill(following, 1)
    await following.round()
    following.source.put("notes/0.txt", "Changed.", "2")
    ref = await following.begin()
    assert not await following.failed(ref, SourceUnavailable)
    reader = following.house.admin.principal_id
    await following.sources.change(
        following.house.admin, following.source_id, lambda before: replace(before, readers=(reader,))
    )
    if refused:
        following.source.unreadable = {"notes/0.txt": SourceItemTooLarge()}
        await following.follow(ref)
    else:
        await end_failed(following, ref, await taken(following, ref), "no_text")
    async with following.house.ledger.read() as uow:
        behind = await uow.sources.behind(ref.tenant_id, ref.source_id, 2, None, 10)
    assert len(behind) == 1
