"""Readers that never stop, while documents are hidden and shown again: both happen at once, for all of them."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count

import pytest

from lethe.ingestion.quarantines import QuarantineView
from lethe.ingestion.requests import Receipt, UploadRequest
from lethe.model.ids import Id, new_id
from lethe.model.ingestions import Ingestion, IngestionState, Taking
from tests.integration.house import House
from tests.integration.installation import once
from tests.integration.test_quarantines import chunked, live, quarantines

READERS = 4
DOCUMENTS = 12

Reading = tuple[int, frozenset[Id]]


@dataclass
class Readers:
    """What each reading saw of the documents, and its place in the order of everything that began."""

    house: House
    documents: Sequence[Receipt]
    order: "count[int]" = field(default_factory=count)
    readings: list[Reading] = field(default_factory=list[Reading])

    async def more(self) -> int:
        """Waits until each reader has read since now; returns its place in the order."""
        now = next(self.order)
        while sum(began > now for began, _ in self.readings) < READERS * 3:
            await asyncio.sleep(0.01)
        return now

    async def read(self, reading: Callable[[], Awaitable[frozenset[Id]]]) -> None:
        while True:
            began = next(self.order)
            self.readings.append((began, await reading()))

    async def through_the_gate(self) -> frozenset[Id]:
        """As a search: the documents whose chunks a question may use now."""
        tenant_id = self.house.tenant_id
        async with self.house.ledger.read() as uow:
            seq = await uow.tenants.seq(tenant_id)
            found = [await uow.chunks.of_version(tenant_id, each.version_id) for each in self.documents]
            ids = [chunk.id for texts in found for chunk in texts]
            passed = await uow.chunks.gate(tenant_id, ids, seq, frozenset({tenant_id}))
        return frozenset(row.chunk.document_id for row in passed.values())

    async def through_the_list(self) -> frozenset[Id]:
        """As a client that lists documents."""
        page = await self.house.documents.page(self.house.writer, None, None, 50)
        return frozenset(view.id for view in page.views) & {each.document_id for each in self.documents}


@asynccontextmanager
async def reading(house: House, documents: Sequence[Receipt]) -> AsyncGenerator[Readers]:
    readers = Readers(house, documents)
    ways = (readers.through_the_gate, readers.through_the_list)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(readers.read(ways[n % len(ways)])) for n in range(READERS)]
        yield readers
        for task in tasks:
            task.cancel()


async def by_document(house: House) -> tuple[list[Receipt], Callable[[], Awaitable[QuarantineView]]]:
    one = await live(house, "file:///a/one.txt")
    return [one], lambda: quarantines(house).hide_document(house.admin, one.document_id, "review")


async def by_source(house: House) -> tuple[list[Receipt], Callable[[], Awaitable[QuarantineView]]]:
    inside = [await live(house, f"file:///a/{n}.txt") for n in range(DOCUMENTS)]
    return inside, lambda: quarantines(house).hide_sources(house.admin, "file:///a", "review")


async def by_ingestion(house: House) -> tuple[list[Receipt], Callable[[], Awaitable[QuarantineView]]]:
    me, ingestion_id, now = house.admin, new_id(), house.uploads.clock.now()
    running = Ingestion(me.tenant_id, ingestion_id, me.principal_id, me.role, (), IngestionState.RUNNING, 4, now, now)
    async with house.ledger.write() as uow:
        await uow.ingestions.add(running)
    brought: list[Receipt] = []
    for n in range(DOCUMENTS):
        request, data = UploadRequest(source_uri=f"file:///batch/{n}.txt"), once(f"Text {n}.".encode())
        brought.append(await house.uploads.receive(me, request, data, Taking(ingestion_id)))
        await house.publish(brought[-1])
        await chunked(house, brought[-1])
    return brought, lambda: quarantines(house).hide_ingestion(me, ingestion_id, "review")


@pytest.mark.parametrize("way", [by_document, by_source, by_ingestion])
async def test_one_call_hides_from_every_reading_that_begins_after_it(
    house: House,
    way: Callable[[House], Awaitable[tuple[list[Receipt], Callable[[], Awaitable[QuarantineView]]]]],
) -> None:
    documents, hide = await way(house)
    everything = frozenset(each.document_id for each in documents)
    async with reading(house, documents) as readers:
        await readers.more()
        ordered = await hide()
        hidden_at = await readers.more()
        lift_at = next(readers.order)
        await quarantines(house).lift(house.admin, ordered.id)
        shown_at = await readers.more()
    assert ordered.documents == len(documents)
    assert {seen for _, seen in readers.readings} == {everything, frozenset()}, "never a part of them"
    assert {seen for began, seen in readers.readings if hidden_at < began < lift_at} == {frozenset()}
    assert {seen for began, seen in readers.readings if began > shown_at} == {everything}
