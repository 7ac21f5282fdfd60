"""What ends: a source, with its documents or without, and a document that somebody deleted by hand."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from lethe.contracts.sync import NextStep, SyncRun
from lethe.errors import KeyDestroyed, SourceNotFound
from lethe.ingestion.sync import removing, rounds
from lethe.model.operations import DispatchKind
from lethe.ports.keyring import SecretPurpose
from lethe.privacy.digests import suppression_tag_of
from tests.unit.sync.following import Following, fill


@pytest.mark.parametrize(("deletes", "left"), [(True, 0), (False, 3)])
async def test_a_source_goes_with_its_documents_or_without(following: Following, deletes: bool, left: int) -> None:
    fill(following, 3)
    await following.round()
    house, ref = following.house, await following.begin()
    await following.sources.delete(house.admin, following.source_id, deletes_documents=deletes)
    with pytest.raises(SourceNotFound):
        await following.follow(ref)
    run = SyncRun(**following.ref.model_dump())
    assert (await rounds.begin_round(following.deps, run)).next is NextStep.END
    await removing.remove_documents(following.deps, following.ref)
    await removing.forget_source(following.deps, following.ref)
    assert len(await following.documents()) == left
    assert (await rounds.begin_round(following.deps, run)).next is NextStep.REST
    with pytest.raises(SourceNotFound):
        await following.sources.get(house.admin, following.source_id)
    with pytest.raises(KeyDestroyed):
        await house.keyring.get(house.tenant_id, following.source_id)


async def test_a_document_that_was_deleted_by_hand_stays_away_until_its_item_changes(following: Following) -> None:
    fill(following, 2)
    await following.round()
    document = (await following.documents())[0]
    async with following.house.ledger.write() as uow:
        versions = await uow.versions.of_document(document.tenant_id, document.id)
    await following.house.uploads.remover.remove_many(document.tenant_id, [version.id for version in versions])
    async with following.house.ledger.write() as uow:
        await uow.documents.update(replace(document, deleted_at=following.clock.now(), source_hmac=None))
    await following.house.uploads.remover.remove_deleted(document.tenant_id, [document.id], following.clock.now())
    assert len(await following.entries()) == 1
    assert ((await following.round()).skipped, len(await following.documents())) == (2, 1)
    fill(following, 2)
    for key, (_, data) in list(following.source.items.items()):
        following.source.items[key] = ("2", data)
    assert ((await following.round()).added, len(await following.documents())) == (1, 2)


async def test_who_was_erased_does_not_come_back_by_the_name_of_a_file(following: Following) -> None:
    """Nothing of it is read, or kept in a listing; when the suppression is lifted, it comes."""
    house = following.house
    key = await house.keyring.secret(house.tenant_id, SecretPurpose.SUPPRESSION)
    tag = suppression_tag_of(key, "name", "Mara Lind")
    async with house.ledger.write() as uow:
        await uow.suppressions.put(house.tenant_id, [tag], following.clock.now().date())
    fill(following, 2)
    following.source.put("letters/Mara Lind.txt", "Of nobody.")
    ref = await following.begin()
    assert not await following.failed(ref, SourceNotFound)
    assert await following.kept_of_listings() == 2
    sync = await following.follow(ref)
    assert (sync.added, sync.failed, sync.skipped, len(await following.documents())) == (2, 0, 1, 2)
    await following.ordering.notify(house.admin, following.source_id, ["letters/Mara Lind.txt"])
    begun = await rounds.begin_round(following.deps, SyncRun(**following.ref.model_dump()))
    await following.follow(following.of(begun))
    assert "letters/Mara Lind.txt" not in following.source.reads
    async with house.ledger.write() as uow:
        await uow.suppressions.lift(house.tenant_id, [tag])
    assert ((await following.round()).updated + len(await following.documents())) >= 3
    assert following.source.reads[-1] == "letters/Mara Lind.txt"


async def test_rounds_that_took_something_in_share_one_look_some_time_after_them(following: Following) -> None:
    async def looks() -> list[datetime]:
        async with following.house.ledger.read() as uow:
            pending = await uow.dispatches.pending(following.clock.now() + timedelta(days=1), 100)
        return [each.created_at for each in pending if each.kind is DispatchKind.RECHECK_ERASURES]

    seconds = following.deps.settings.recheck_seconds
    following.later(seconds=-following.clock.now().timestamp() % seconds)  # two rounds fit before the next look
    assert not await looks()
    for number in range(2):
        following.source.put(f"{number}.txt", f"Note {number}.")
        assert (await following.round()).added == 1
    (first,) = await looks()
    assert 1 <= (first - following.clock.now()) / timedelta(seconds=seconds) <= 2
    following.later(seconds=seconds)
    await following.round()
    assert await looks() == [first]
    fill(following, 1)
    await following.round()
    assert len(await looks()) == 2
