"""One run: boot, clients and faults together, drain, check."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from tests.chaos.book import Book, Document, Readers
from tests.chaos.checker import Expected, Result, check
from tests.chaos.client import Client
from tests.chaos.drain import Drain
from tests.chaos.faults import Kill, Saboteur
from tests.chaos.gauge import Gauge
from tests.chaos.installation import Installation
from tests.chaos.plan import Step
from tests.chaos.questions import Asker
from tests.chaos.stores import read_stores
from tests.chaos.writers import Writer

ANSWER_SECONDS = 150.0
"""How long clients may still wait for a definite answer once everything serves again: an upload's lease and more."""
DRAIN_SECONDS = 240.0


@dataclass(slots=True)
class Outcome:
    """What a run found."""

    book: Book
    result: Result
    kills: list[Kill]
    others: Counter[str]
    unplanned: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    seconds: float = 0.0


@dataclass(slots=True)
class Crowd:
    """The clients of one run and what they share."""

    installation: Installation
    book: Book
    gauge: Gauge
    seed: int
    http: httpx.AsyncClient
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    give_up: asyncio.Event = field(default_factory=asyncio.Event)

    async def members(self, writers: int = 2) -> tuple[list[Writer], list[Asker]]:
        """Make the keys; groups and ids come from the seed too."""
        rng = random.Random(f"{self.seed}/crowd")
        one, two = (str(UUID(int=rng.getrandbits(128), version=4)) for _ in range(2))
        tenant = self.book.tenant_id
        admin = self._client(self.installation.admin_key)
        choices: Sequence[Readers] = [frozenset(choice) for choice in ({tenant}, {one}, {two}, {one, two})]
        made = [
            Writer(
                name=f"w{number}",
                client=self._client(await self._key(admin, "writer", [one, two])),
                rng=random.Random(f"{self.seed}/writer/{number}"),
                choices=choices,
                backlog=lambda: self.gauge.value,
                stop=self.stop,
            )
            for number in range(writers)
        ]
        askers = [
            Asker(
                client=self._client(await self._key(admin, "reader", sorted(groups))),
                groups=frozenset({tenant, *groups}),
                rng=random.Random(f"{self.seed}/asker/{number}"),
                stop=self.stop,
            )
            for number, groups in enumerate([[], [one], [two], [one, two]])
        ]
        return made, askers

    def _client(self, key: str) -> Client:
        return Client(self.http, key, self.book, self.give_up)

    async def _key(self, admin: Client, role: str, groups: list[str]) -> str:
        reply = await admin.change("POST", "/v1/keys", {"role": role, "groups": groups})
        assert reply is not None
        assert reply.status == 201, reply
        return str(reply.body["secret"])


async def run(
    installation: Installation, seed: int, steps: Sequence[Step], seconds: float, say: Callable[[str], None]
) -> Outcome:
    """Hurt the installation for at most so long, let it come to rest, and compare. ``say`` gets a line a kill."""
    book = Book(tenant_id=installation.tenant_id)
    gauge = Gauge(installation.where.ledger)
    saboteur = Saboteur(installation, book, gauge, random.Random(f"{seed}/faults"), say)
    async with AsyncExitStack() as exits:
        http = await exits.enter_async_context(installation.http())
        crowd = Crowd(installation, book, gauge, seed, http)
        writers, askers = await crowd.members()
        counting = asyncio.create_task(gauge.run())
        exits.callback(counting.cancel)
        clients = [asyncio.create_task(client.run()) for client in (*writers, *askers)]
        await saboteur.run(steps, book.started + seconds)
        await installation.ready()
        crowd.stop.set()
        try:
            await asyncio.wait_for(asyncio.gather(*clients), ANSWER_SECONDS)
        except TimeoutError:
            crowd.give_up.set()
            book.accuse("stuck", f"{book.writing} requests had no definite answer in {ANSWER_SECONDS} s")
        workflows = await Drain(installation, book, gauge).run(DRAIN_SECONDS)
    result = await inspect(installation, book, workflows)
    return Outcome(
        book=book,
        result=result,
        kills=saboteur.kills,
        others=saboteur.others,
        unplanned={name: child.unplanned for name, child in installation.children.items() if child.unplanned},
        seconds=round(time.monotonic() - book.started, 1),
    )


async def inspect(installation: Installation, book: Book, workflows: dict[str, str]) -> Result:
    """Run the set checker on what the stores hold now."""
    stores = await read_stores(installation.where, workflows)
    named = {version_id for document in book.documents for version_id in document.version_ids}
    return check(expectations(book), named, stores)


def expectations(book: Book) -> dict[str, Expected]:
    """What the acknowledged requests amount to, by document id."""
    return {document.id: _expected(document) for document in book.existing()}


def _expected(document: Document) -> Expected:
    settled = document.editions[document.settled]
    return Expected(
        id=document.id,
        token=document.token,
        text=settled.text,
        marks=settled.marks,
        readers=document.readers,
        older=frozenset(edition.text for edition in document.editions if edition is not settled),
    )


def scratch_folder(seed: int, root: Path) -> Path:
    """A new folder for one run; short, because PostgreSQL's socket is in it."""
    return root / f"lethe-chaos-{seed}-{time.time_ns() % 10**6}"


def summary(outcome: Outcome) -> dict[str, Any]:
    """The figures of a run, in counts and ids only."""
    by_component = Counter(kill.component for kill in outcome.kills)
    busy = sum(1 for kill in outcome.kills if kill.work)
    online = Counter(violation.kind for violation in outcome.book.violations)
    return {
        "kills": len(outcome.kills),
        "kills_by_component": dict(sorted(by_component.items())),
        "kills_with_work_in_flight": round(busy / max(1, len(outcome.kills)), 3),
        "work_in_flight_median": sorted(kill.work for kill in outcome.kills)[len(outcome.kills) // 2]
        if outcome.kills
        else 0,
        "other_faults": dict(sorted(outcome.others.items())),
        "seconds": outcome.seconds,
        "documents": outcome.result.counts(),
        "online_violations": dict(sorted(online.items())),
        "counts": dict(sorted(outcome.book.counts.items())),
        "unplanned_ends": outcome.unplanned,
    }


def is_clean(outcome: Outcome) -> bool:
    return not outcome.book.violations and not outcome.result.findings
