"""A source in memory that a tenant follows: the steps of its workflow in their order, without a workflow."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

from lethe.adapters.fakes.clock import FakeClock
from lethe.adapters.fakes.sources import FakeSource, FakeSources
from lethe.adapters.sql import SqlLedger
from lethe.contracts.sync import Begun, NextStep, SourceRef, SyncRef, SyncRun
from lethe.errors import LetheError
from lethe.ingestion.bulk.batch import Reporter
from lethe.ingestion.bulk.ingestions import Ingestions
from lethe.ingestion.bulk.receiving import Receiving
from lethe.ingestion.requests import Outcome, Receipt
from lethe.ingestion.sync import listing, removing, rounds, taking
from lethe.ingestion.sync.ordering import Rounds
from lethe.ingestion.sync.registry import Sources, SourceWish
from lethe.ingestion.sync.syncing import Syncing
from lethe.model.documents import Document, Status
from lethe.model.ids import Id
from lethe.model.ingestions import IngestionState
from lethe.model.sources import SourceKind
from lethe.model.syncs import Decision, SourceEntry, Sync, SyncState
from lethe.settings import SyncSettings
from tests.integration.house import House, open_house

ADDRESS = "file:///srv/handbook"
MANY = 1_000_000


def reporter(attempt: int = 1, reach: Callable[[str], None] = lambda _: None) -> Reporter:
    return Reporter(finished=lambda _: None, is_stopping=lambda: False, reach=reach, attempt=attempt)


def fill(following: "Following", count: int) -> None:
    for number in range(count):
        following.source.put(f"notes/{number}.txt", f"Note {number}.")


@dataclass
class Following:
    """``source`` is what the tenant follows; ``source_id`` is how it is registered."""

    house: House
    deps: Syncing
    sources: Sources
    ordering: Rounds
    source: FakeSource
    clock: FakeClock
    source_id: Id

    @property
    def ref(self) -> SourceRef:
        return SourceRef(tenant_id=self.house.tenant_id, source_id=self.source_id)

    async def begin(self, *, is_dry_run: bool = False) -> SyncRef:
        """A round that was ordered and has begun."""
        await self.ordering.order(self.house.admin, self.source_id, is_dry_run=is_dry_run)
        return self.of(await rounds.begin_round(self.deps, SyncRun(**self.ref.model_dump())))

    def of(self, begun: Begun) -> SyncRef:
        assert begun.next is NextStep.ROUND
        return SyncRef(**self.ref.model_dump(), sync_id=begun.sync_id)

    async def round(self, *, is_dry_run: bool = False, decision: Decision | None = None) -> Sync:
        """A whole round; one that asks is answered, if there is an answer."""
        return await self.follow(await self.begin(is_dry_run=is_dry_run), decision=decision)

    async def follow(self, ref: SyncRef, *, decision: Decision | None = None) -> Sync:
        compared = await listing.compare(self.deps, ref, reporter())
        if compared.state is SyncState.NEEDS_ATTENTION:
            if decision is None:
                return await self.sync(ref)
            await self.ordering.decide(self.house.admin, self.source_id, ref.sync_id, decision)
            assert (await rounds.look_at_decision(self.deps, ref)).is_decided
            await listing.compare(self.deps, ref, reporter())
        sync = await self.sync(ref)
        if not sync.is_dry_run:
            await self.take_in(ref)
            while (await removing.remove_vanished(self.deps, ref)).is_more:
                pass
        await rounds.finish_round(self.deps, ref)
        return await self.sync(ref)

    async def take_in(self, ref: SyncRef, attempt: int = taking.TRIES) -> None:
        intake = await taking.begin_intake(self.deps, ref)
        if intake.ingestion_id is None:
            return
        while (await taking.take_in(self.deps, ref, reporter(attempt))).is_more:
            pass
        await taking.close_intake(self.deps, ref)
        await self.bring_in(intake.ingestion_id)
        assert (await taking.look_at_intake(self.deps, ref)).is_over

    async def bring_in(self, ingestion_id: Id) -> None:
        """What the batches of the ingestion would do."""
        tenant_id, ledger = self.house.tenant_id, self.house.ledger
        async with ledger.read() as uow:
            versions = await uow.versions.of_ingestion(tenant_id, ingestion_id, {Status.PENDING}, 0, MANY)
        for version in versions:
            async with ledger.write() as uow:
                is_first = version.submission == 1
                await uow.ingestions.count(tenant_id, ingestion_id, added=int(is_first), updated=int(not is_first))
            await self.house.publish(Receipt(version.document_id, version.id, "", Status.READY, Outcome.ADDED))
        async with ledger.write() as uow:
            await uow.ingestions.set_state(tenant_id, ingestion_id, IngestionState.DONE, self.clock.now())

    async def sync(self, ref: SyncRef) -> Sync:
        return await self.ordering.get(self.house.admin, self.source_id, ref.sync_id)

    async def documents(self) -> list[Document]:
        """Those that can be read."""
        async with self.house.ledger.read() as uow:
            return await uow.documents.page(self.house.tenant_id, None, None, None, 1000)

    async def entries(self) -> list[SourceEntry]:
        async with self.house.ledger.read() as uow:
            return await uow.sources.behind(self.house.tenant_id, self.source_id, MANY, None, 1000)

    async def kept_of_listings(self) -> int:
        """Items of listings that are stored, of any round."""
        kept = 0
        for sync in await self.ordering.page(self.house.admin, self.source_id, None, 100):
            async with self.house.ledger.read() as uow:
                kept += sum((await uow.syncs.count_listed(self.house.tenant_id, sync.id)).values())
        return kept

    async def failed(self, ref: SyncRef, error: type[LetheError]) -> bool:
        """Whether the comparison meets the error."""
        try:
            await listing.compare(self.deps, ref, reporter())
        except error:
            return True
        return False

    def later(self, **time: float) -> None:
        self.clock.advance(timedelta(**time))


@asynccontextmanager
async def open_following(ledger: SqlLedger, **settings: object) -> AsyncGenerator[Following]:
    async with open_house(ledger) as house:
        readers = FakeSources()
        clock = house.uploads.clock
        assert isinstance(clock, FakeClock)
        sources = Sources(ledger, house.keyring, readers, clock)
        wish = SourceWish("handbook", purpose="support", overdue_seconds=3600)
        made = await sources.create(house.admin, SourceKind.FOLDER, ADDRESS, wish)
        yield Following(
            house=house,
            deps=Syncing(
                ledger=ledger,
                keyring=house.keyring,
                readers=readers,
                receiving=Receiving(ledger, house.keyring, replace(house.uploads, max_bytes=1_000), clock),
                ingestions=Ingestions(ledger, house.keyring, clock),
                clock=clock,
                settings=SyncSettings.model_validate({"page_items": 3, "take_items": 3, **settings}),
            ),
            sources=sources,
            ordering=Rounds(ledger, house.keyring, clock),
            source=readers.source,
            clock=clock,
            source_id=made.source.id,
        )
