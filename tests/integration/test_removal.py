"""What may be removed, and that nothing of it stays behind: on both SQL engines, over fakes of the other stores."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace

import pytest

from lethe.adapters.fakes.blobs import FakeBlobs
from lethe.adapters.fakes.clock import FakeClock
from lethe.adapters.fakes.keyring import FakeKeyRing
from lethe.adapters.fakes.keywords import InMemoryKeywordIndex
from lethe.adapters.fakes.vectors import InMemoryVectorIndex
from lethe.contracts.ingestion import DocumentRef, VersionRef
from lethe.errors import VersionSuperseded
from lethe.ingestion.deletion import Deletions
from lethe.ingestion.removal import VersionRemover
from lethe.ingestion.steps.pipeline import still_wanted
from lethe.model.documents import Document, Status, Version
from lethe.model.ids import Id, new_id
from lethe.model.indexes import IndexBuild
from lethe.ports.ledger import Ledger
from tests.contract.ledger_rows import add_tenant, answer, at, build, chunks, citation, document, question, version
from tests.integration.house import KilledError, KilledOnce


async def remover(ledger: Ledger, tenant_id: Id) -> VersionRemover:
    keyring = FakeKeyRing()
    await keyring.create_tenant(tenant_id)
    return VersionRemover(ledger, FakeBlobs(), keyring, InMemoryVectorIndex(), InMemoryKeywordIndex())


async def served(ledger: Ledger, tenant_id: Id) -> tuple[Document, Version]:
    """A document whose first submission is live."""
    row = document(tenant_id, status=Status.READY, next_submission=2, live_submission=1)
    live = version(row, live_from=1)
    async with ledger.write() as unit:
        await unit.documents.add(row)
        await unit.versions.add(live)
        row = replace(row, live_version_id=live.id)
        await unit.documents.update(row)
    return row, live


async def test_a_version_that_is_served_is_left_alone_whoever_asks(ledger: Ledger) -> None:
    tenant_id = await add_tenant(ledger)
    row, live = await served(ledger, tenant_id)
    await (await remover(ledger, tenant_id)).remove(tenant_id, live.id)
    async with ledger.read() as unit:
        assert await unit.versions.get(tenant_id, live.id) == live
        assert await unit.documents.get(tenant_id, row.id) == row


class GoingLiveMeanwhile(InMemoryVectorIndex):
    """Before it deletes anything, the ingestion of the version comes to its switch."""

    switch: Callable[[], Awaitable[object]]

    async def delete_versions(self, build: IndexBuild, version_ids: Collection[Id]) -> int:
        with pytest.raises(VersionSuperseded):
            await self.switch()
        return await super().delete_versions(build, version_ids)


async def test_a_version_that_is_being_removed_does_not_go_live(ledger: Ledger) -> None:
    tenant_id = await add_tenant(ledger)
    row, live = await served(ledger, tenant_id)
    waiting = version(row, submission=2, status=Status.INDEXING)
    async with ledger.write() as unit:
        await unit.versions.add(waiting)
        await unit.documents.update(replace(row, next_submission=3))
        await unit.builds.add(build(tenant_id))
    removing = await remover(ledger, tenant_id)
    index = GoingLiveMeanwhile()

    async def switch() -> None:
        async with ledger.write() as unit:
            await unit.tenants.lock(tenant_id)
            await still_wanted(unit, VersionRef(tenant_id=tenant_id, version_id=waiting.id))

    index.switch = switch
    await replace(removing, index=index).remove(tenant_id, waiting.id)
    async with ledger.read() as unit:
        assert await unit.versions.of_document(tenant_id, row.id) == [live]
        shown = await unit.documents.get(tenant_id, row.id)
    assert shown is not None
    assert (shown.live_version_id, shown.status) == (live.id, Status.READY)


async def test_a_removed_failure_gives_the_document_its_status_back(ledger: Ledger) -> None:
    tenant_id = await add_tenant(ledger)
    row, _ = await served(ledger, tenant_id)
    failed = version(row, submission=2, status=Status.FAILED)
    async with ledger.write() as unit:
        await unit.versions.add(failed)
        await unit.documents.update(replace(row, next_submission=3, status=Status.FAILED))
    await (await remover(ledger, tenant_id)).remove(tenant_id, failed.id)
    async with ledger.read() as unit:
        shown = await unit.documents.get(tenant_id, row.id)
    assert shown is not None
    assert shown.status is Status.READY


async def test_an_upload_that_broke_off_takes_a_new_document_along(ledger: Ledger) -> None:
    tenant_id = await add_tenant(ledger)
    row = document(tenant_id, status=Status.RECEIVING)
    receiving = version(row, status=Status.RECEIVING)
    async with ledger.write() as unit:
        await unit.documents.add(row)
        await unit.versions.add(receiving)
    await (await remover(ledger, tenant_id)).remove_unindexed(tenant_id, receiving.id)
    async with ledger.read() as unit:
        assert await unit.documents.get(tenant_id, row.id) is None


async def test_deleting_a_document_takes_answers_that_quote_an_earlier_version(ledger: Ledger) -> None:
    tenant_id = await add_tenant(ledger)
    row, live = await served(ledger, tenant_id)
    earlier = version(row, submission=7, live_from=1, live_until=2)
    asked = question(tenant_id)
    async with ledger.write() as unit:
        await unit.versions.add(earlier)
        texts = chunks(earlier, 1)
        await unit.chunks.replace(tenant_id, earlier.id, texts)
        await unit.questions.add(asked)
        await unit.questions.put_answer(answer(asked, [citation(1, texts[0])]))
        await unit.versions.delete(tenant_id, earlier.id)
        await unit.documents.update(replace(row, deleted_at=at(1), status=Status.DELETING, epoch=1))
    deletions = Deletions(ledger, await remover(ledger, tenant_id), FakeClock())
    await deletions.finish(DocumentRef(tenant_id=tenant_id, document_id=row.id))
    async with ledger.read() as unit:
        assert await unit.questions.get(tenant_id, asked.id) is None
        assert await unit.versions.get(tenant_id, live.id) is None
        assert await unit.documents.get(tenant_id, row.id) is None


class GivenMeanwhile(FakeKeyRing):
    """While the first keys are destroyed, another question is given the answer."""

    give: Callable[[], Awaitable[object]] | None = None

    async def destroy(self, tenant_id: Id, key_ids: Collection[Id]) -> int:
        if self.give is not None:
            give, self.give = self.give, None
            await give()
        return await super().destroy(tenant_id, key_ids)


async def test_no_key_is_left_of_a_question_that_was_given_an_answer_which_goes(ledger: Ledger) -> None:
    tenant_id = await add_tenant(ledger)
    row, live = await served(ledger, tenant_id)
    leader, follower, late, stranger = asked = [question(tenant_id) for _ in range(4)]
    keyring = GivenMeanwhile()
    await keyring.create_tenant(tenant_id)
    for each in asked:
        await keyring.create(tenant_id, each.id)
    async with ledger.write() as unit:
        texts = chunks(live, 1)
        await unit.chunks.replace(tenant_id, live.id, texts)
        for each in asked:
            await unit.questions.add(each)
        await unit.questions.put_answer(answer(leader, [citation(1, texts[0])]))
        await unit.questions.refer(tenant_id, follower.id, leader.id)
        await unit.documents.update(replace(row, deleted_at=at(1), status=Status.DELETING, epoch=1))

    async def give() -> None:
        async with ledger.write() as unit:
            await unit.questions.refer(tenant_id, late.id, leader.id)

    keyring.give = give
    removing = replace(await remover(ledger, tenant_id), keyring=keyring)
    await Deletions(ledger, removing, FakeClock()).finish(DocumentRef(tenant_id=tenant_id, document_id=row.id))
    async with ledger.read() as unit:
        left = [each.id for each in asked if await unit.questions.get(tenant_id, each.id) is not None]
    assert left == [stranger.id]
    assert [key_id for (_, key_id), key in keyring.keys.items() if key is not None] == left


@pytest.mark.parametrize("many", [False, True])
async def test_a_deletion_killed_before_the_keys_go_finds_them_again(ledger: Ledger, *, many: bool) -> None:
    tenant_id = await add_tenant(ledger)
    row, live = await served(ledger, tenant_id)
    async with ledger.write() as unit:
        await unit.documents.update(replace(row, deleted_at=at(9), epoch=1))
    keyring = KilledOnce()
    await keyring.create_tenant(tenant_id)
    await keyring.create(tenant_id, live.id)
    deletions = Deletions(
        ledger, VersionRemover(ledger, FakeBlobs(), keyring, InMemoryVectorIndex(), InMemoryKeywordIndex()), FakeClock()
    )

    async def delete() -> None:
        if many:
            await deletions.finish_many(tenant_id, [row.id])
        else:
            await deletions.finish(DocumentRef(tenant_id=tenant_id, document_id=row.id))

    with pytest.raises(KilledError):
        await delete()
    async with ledger.read() as unit:
        assert await unit.versions.get(tenant_id, live.id) is not None
    await delete()
    assert await keyring.get_many(tenant_id, [live.id]) == {}
    async with ledger.read() as unit:
        assert await unit.documents.get(tenant_id, row.id) is None


async def test_a_persons_key_goes_before_what_names_the_person(ledger: Ledger) -> None:
    tenant_id = await add_tenant(ledger)
    keyring, known, anew = KilledOnce(), new_id(), new_id()
    await keyring.create_tenant(tenant_id)
    row, live = await served(ledger, tenant_id)
    failed, later = (version(row, submission=number, status=Status.FAILED) for number in (2, 3))
    for key_id in (failed.id, known, anew):
        await keyring.create(tenant_id, key_id)

    async def name_somebody(version_id: Id, subject_id: Id) -> Id:
        async with ledger.write() as unit:
            return await unit.subjects.link(tenant_id, version_id, "email", "b" * 64, b"sealed", subject_id, at(0))

    async with ledger.write() as unit:
        for each in (failed, later):
            await unit.versions.add(each)
    assert await name_somebody(failed.id, known) == known
    removing = replace(await remover(ledger, tenant_id), keyring=keyring)
    keyring.fatal = known
    with pytest.raises(KilledError):
        await removing.remove(tenant_id, failed.id)
    # Whoever names the person now gets a key that stays.
    assert await name_somebody(later.id, anew) == anew
    await removing.remove(tenant_id, failed.id)
    assert list(await keyring.get_many(tenant_id, [failed.id, known, anew])) == [anew]
    async with ledger.read() as unit:
        assert await unit.subjects.by_blind(tenant_id, "email", "b" * 64) == anew
        assert [each.id for each in await unit.versions.of_document(tenant_id, row.id)] == [live.id, later.id]
