"""Whole rounds of a source on both engines: what the steps ask of the ledger, each means the same."""

from lethe.adapters.sql import SqlLedger
from lethe.contracts.sync import NextStep, SyncRun
from lethe.errors import SubjectSuppressed
from lethe.ingestion.sync import removing, rounds
from lethe.ingestion.sync.registry import SourceWish
from lethe.model.sources import SourceKind
from lethe.model.syncs import Decision, EntryState, ListedAs, SyncState
from tests.unit.sync.following import ADDRESS, fill, open_following


async def test_rounds_events_and_the_end_of_a_source(ledger: SqlLedger) -> None:
    async with open_following(ledger) as following:
        fill(following, 5)
        assert (await following.round()).added == 5
        following.source.put("notes/0.txt", "Changed.", "2")
        following.source.items.pop("notes/1.txt")
        second = await following.round()
        assert (second.updated, second.deleted, second.skipped, second.state) == (1, 1, 3, SyncState.DONE)
        following.source.items.pop("notes/2.txt")
        await following.ordering.notify(following.house.admin, following.source_id, ["notes/2.txt", "notes/3.txt"])
        run = SyncRun(**following.ref.model_dump())
        named = await following.follow(following.of(await rounds.begin_round(following.deps, run)))
        assert (named.deleted, named.skipped) == (1, 1)
        following.source.items.clear()
        kept = await following.round(decision=Decision.KEEP)
        assert (kept.vanished, kept.deleted) == (3, 0)
        assert {entry.state for entry in await following.entries()} == {EntryState.KEPT}
        await following.sources.delete(following.house.admin, following.source_id, deletes_documents=True)
        # Its own three, and two that the rounds deleted: none of them was taken out of the stores.
        assert (await removing.remove_documents(following.deps, following.ref)).documents == 5
        await removing.forget_source(following.deps, following.ref)
        assert (await rounds.begin_round(following.deps, run)).next is NextStep.REST
        assert not await following.documents()


async def test_what_is_refused_and_what_another_source_holds(ledger: SqlLedger) -> None:
    async with open_following(ledger) as following:
        tenant_id, source_id = following.house.tenant_id, following.source_id
        fill(following, 2)
        await following.round()
        documents = [each.id for each in await following.documents()]
        made = await following.sources.create(following.house.admin, SourceKind.FOLDER, ADDRESS, SourceWish("also"))
        async with ledger.write() as uow:
            await uow.sources.note_suppressed(tenant_id, source_id, documents[:1])
            assert await uow.sources.hand_over(tenant_id, source_id, documents) == set()
            assert await uow.sources.hand_over(tenant_id, made.source.id, documents[1:]) == set(documents[1:])
            await uow.suppressions.lift(tenant_id, ["a tag"])
            entries = {each.document_id: each for each in await uow.sources.documents_of(tenant_id, source_id, 10)}
        refused, held = entries[documents[0]], entries[documents[1]]
        assert (refused.code, refused.revision_hmac, refused.mapping) == (SubjectSuppressed.code, "", 1)
        assert (held.code, bool(held.revision_hmac), held.mapping) == ("", True, 0)


async def test_what_is_listed_may_be_looked_up_again_or_left(ledger: SqlLedger) -> None:
    async with open_following(ledger) as following:
        sync = await following.ordering.notify(following.house.admin, following.source_id, ["a", "b"])
        async with ledger.write() as uow:
            await uow.syncs.rename(sync.tenant_id, sync.id, ListedAs.NAMED, ListedAs.GONE)
            assert await uow.syncs.count_listed(sync.tenant_id, sync.id) == {ListedAs.GONE: 2}
            await uow.syncs.forget(sync.tenant_id, sync.id, ListedAs.NAMED)
            assert await uow.syncs.count_listed(sync.tenant_id, sync.id) == {ListedAs.GONE: 2}
            await uow.syncs.forget(sync.tenant_id, sync.id, ListedAs.GONE)
            assert not await uow.syncs.count_listed(sync.tenant_id, sync.id)
