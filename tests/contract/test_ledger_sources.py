"""Whole rounds of a source on both engines: what the steps ask of the ledger, each means the same."""

from lethe.adapters.sql import SqlLedger
from lethe.contracts.sync import NextStep, SyncRun
from lethe.ingestion.sync import removing, rounds
from lethe.model.syncs import Decision, EntryState, SyncState
from tests.unit.sync.following import fill, open_following


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
        assert (await removing.remove_documents(following.deps, following.ref)).documents == 3
        await removing.forget_source(following.deps, following.ref)
        assert (await rounds.begin_round(following.deps, run)).next is NextStep.REST
        assert not await following.documents()
