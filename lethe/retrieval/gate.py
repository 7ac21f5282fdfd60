"""Search and gate as one loop: an index or a cache may say anything, the ledger decides what is served (P6)."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from lethe.model.ids import Id
from lethe.ports.keyring import KeyRing
from lethe.ports.ledger import GateRow, Ledger, UnitOfWork
from lethe.ports.search import LookedAgain
from lethe.ports.vectors import Hit
from lethe.privacy.erasure.needles import open_needles
from lethe.privacy.sealing import Purpose, unseal_json, unseal_text
from lethe.retrieval.ranking import Rank
from lethe.telemetry import RETRIEVER_DURATION


@dataclass(frozen=True, slots=True)
class Survivor:
    """A hit that its SQL rows allow now, and the data key that opens it."""

    hit: Hit
    row: GateRow
    key: bytes


@dataclass(frozen=True, slots=True)
class Gated:
    """The survivors, best first, of ``candidates`` hits.

    ``is_exhausted``: the index had more to say, but the last page size was reached.
    """

    survivors: tuple[Survivor, ...]
    candidates: int
    is_exhausted: bool
    timings_ms: dict[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, slots=True)
class Reading:
    """Who reads what, as of when."""

    tenant_id: Id
    readers: frozenset[Id]
    seq: int


@dataclass(frozen=True, slots=True)
class Gate:
    """Asks the ledger, then the key ring, which chunks may be served.

    While a person is being erased, no chunk that shows one of their identifiers passes.
    """

    ledger: Ledger
    keyring: KeyRing

    async def admit(self, tenant_id: Id, hits: Sequence[Hit], seq: int, readers: frozenset[Id]) -> list[Survivor]:
        """The hits that pass now, in their order. A destroyed key shuts out what the index still holds of it."""
        if not hits:
            return []
        async with self.ledger.read() as uow:
            looked = await self.look(uow, tenant_id, hits, seq, readers)
        return await self.let_pass(looked)

    async def look(
        self, uow: UnitOfWork, tenant_id: Id, hits: Sequence[Hit], seq: int, readers: frozenset[Id]
    ) -> LookedAgain:
        """What the ledger says of the hits, in a unit."""
        rows = await uow.chunks.gate(tenant_id, [hit.chunk_id for hit in hits], seq, readers)
        return LookedAgain(tenant_id, hits, rows, await uow.erasures.fenced_identifiers(tenant_id))

    async def let_pass(self, looked: LookedAgain) -> list[Survivor]:
        """Those of them that the key ring opens, and that show nobody who is being erased."""
        keys = await self.keyring.get_many(looked.tenant_id, {row.version.id for row in looked.rows.values()})
        survivors = [
            Survivor(hit, row, keys[row.version.id])
            for hit in looked.hits
            if (row := looked.rows.get(hit.chunk_id)) is not None and row.version.id in keys
        ]
        if not looked.fenced:
            return survivors
        needles = await open_needles(self.keyring, looked.tenant_id, looked.fenced)
        return await asyncio.to_thread(lambda: [each for each in survivors if not needles.hides(*shown_by(each))])


def shown_by(survivor: Survivor) -> tuple[str, ...]:
    """Every text that whoever is served the chunk reads, or finds it by: metadata are shown by what a filter meets."""
    chunk, version, key = survivor.row.chunk, survivor.row.version, survivor.key
    return (
        unseal_text(key, Purpose.CHUNK_TEXT, chunk.sealed_text),
        unseal_text(key, Purpose.CHUNK_SECTION, chunk.sealed_section),
        unseal_text(key, Purpose.TITLE, version.sealed_title),
        unseal_text(key, Purpose.SOURCE_URI, version.sealed_source_uri),
        *map(str, cast("dict[str, object]", unseal_json(key, Purpose.METADATA, version.sealed_metadata)).values()),
    )


async def search_and_gate(
    rank: Rank,
    gate: Gate,
    reading: Reading,
    *,
    wanted: int,
    limits: Sequence[int],
) -> Gated:
    """Ask for ever larger pages until ``wanted`` hits survive, the index has no more, or ``limits`` end.

    Every page is gated whole: a larger page ranks anew, and rights may have changed since the smaller one. All that
    survived of the last page are told, more than ``wanted`` perhaps.
    """
    timings = {"search": 0.0, "gate": 0.0}
    survivors: list[Survivor] = []
    candidates = 0
    for limit in [each for each in limits if each >= wanted] or limits[-1:]:
        started = time.perf_counter()
        hits = await rank(limit)
        candidates = len(hits)
        searched = time.perf_counter()
        RETRIEVER_DURATION.observe(searched - started)
        survivors = await gate.admit(reading.tenant_id, hits, reading.seq, reading.readers)
        timings["search"] += round((searched - started) * 1000, 1)
        timings["gate"] += round((time.perf_counter() - searched) * 1000, 1)
        if len(survivors) >= wanted or len(hits) < limit:
            return Gated(tuple(survivors), candidates, is_exhausted=False, timings_ms=timings)
    return Gated(tuple(survivors), candidates, is_exhausted=True, timings_ms=timings)
