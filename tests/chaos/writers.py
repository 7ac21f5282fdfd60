"""Clients that add, edit, delete documents and change who may read them, each document by one of them at a time."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tests.chaos.book import Book, Document, Readers, Rights
from tests.chaos.client import Client, Reply
from tests.chaos.texts import first_edition

ZOMBIE_SECONDS = 40.0
"""How long a request without Idempotency-Key whose connection broke may still come to have its effect."""

_MOST_WORK = 40
_MOST_WRITING = 60
_RETRY_SECONDS = 1.0
_BULK = 0.2
_CONFLICT = "document_conflict"

Backlog = Callable[[], int]


@dataclass(slots=True)
class Writer:
    """One seeded client. ``choices`` are the readers a document may be given; ``backlog``: work the server has left."""

    name: str
    client: Client
    rng: random.Random
    choices: Sequence[Readers]
    backlog: Backlog
    stop: asyncio.Event
    _tasks: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])
    _made: int = 0

    @property
    def book(self) -> Book:
        return self.client.book

    async def run(self) -> None:
        """Begin changes until told to stop, then wait for the answers that are still due."""
        while not self.stop.is_set():
            work = self.backlog()
            # Enough to do at any moment, and never so much that the end is far away.
            if work < _MOST_WORK and self.book.writing < _MOST_WRITING:
                task = asyncio.create_task(self._one())
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            await asyncio.sleep(self.rng.uniform(0.1, 0.4) if work < _MOST_WORK / 3 else self.rng.uniform(0.6, 1.4))
        await asyncio.gather(*self._tasks)

    async def _one(self) -> None:
        now = time.monotonic()
        free = [d for d in self.book.existing() if not d.is_busy and d.quiet_until < now]
        if not free or self.rng.random() < len(free) ** -0.5:
            await (self.bring_many() if self.rng.random() < _BULK else self.add())
            return
        act: Callable[[Document], Awaitable[None]] = self.rng.choices(
            [self.edit, self.repeat, self.allow, self.delete], [45, 10, 25, 20]
        )[0]
        document = self.rng.choice(free)
        document.is_busy = True
        try:
            await act(document)
        finally:
            document.is_busy = False

    async def add(self) -> Document:
        """A new document: mostly under a URI of its own, sometimes one that was used before, sometimes none."""
        used = [d.uri for d in self.book.documents if d.deleted is not None and d.uri]
        taken = {d.uri for d in self.book.documents if d.deleted is None}
        uri: str | None = f"chaos:///{self.name}/{self._made}.txt"
        reusable = [u for u in used if u not in taken]
        if reusable and self.rng.random() < 0.3:
            uri = self.rng.choice(reusable)
        elif self.rng.random() < 0.15:
            uri = None
        document = self._new(uri)
        await self._upload(document, 0)
        document.is_busy = False
        return document

    def _new(self, uri: str | None) -> Document:
        self._made += 1
        edition = first_edition(self.rng, self._made)
        rights = Rights(self.rng.choice(self.choices), time.monotonic())
        document = Document(uri, [edition], [rights], is_busy=True)
        self.book.add(document)
        return document

    async def edit(self, document: Document) -> None:
        """The next edition, to the same source. A document without a URI has no way to be edited."""
        if document.uri is None:
            return await self.allow(document)
        document.editions.append(document.editions[document.settled].changed(self.rng))
        return await self._upload(document, len(document.editions) - 1)

    async def repeat(self, document: Document) -> None:
        """The bytes the document has already."""
        if document.uri is not None:
            await self._upload(document, document.settled)

    async def allow(self, document: Document) -> None:
        """Other readers, in place."""
        readers = self.rng.choice([choice for choice in self.choices if choice != document.readers])
        rights = Rights(readers, time.monotonic())
        document.rights.append(rights)
        reply = await self._settled("PATCH", document, {"readers": sorted(readers)})
        if reply is None:
            return
        if reply.status == 200:
            rights.acknowledged = time.monotonic()
            self.book.counts["re_aclled"] += 1
        elif reply.status == 409:  # no live version yet: nothing was changed
            document.rights.remove(rights)
        else:
            self._refused("PATCH", document, reply)

    async def delete(self, document: Document) -> None:
        document.deletion_begun = time.monotonic()
        reply = await self._settled("DELETE", document, None)
        if reply is None:
            return
        if reply.status == 202 or (reply.status == 404 and reply.is_repeated):
            document.deleted = time.monotonic()
            self.book.counts["deleted"] += 1
        else:
            self._refused("DELETE", document, reply)

    async def _upload(self, document: Document, number: int) -> None:
        body, key = _upload_body(document, number), self._key()
        while True:
            reply = await self.client.change("POST", "/v1/documents", body, key)
            if reply is None:
                return
            # Another version went live in between: the document is as it was, and may be sent again.
            if reply.code != _CONFLICT:
                break
            await asyncio.sleep(_RETRY_SECONDS)
        if reply.status == 202:
            self._accepted(document, number, reply.body)
        else:
            self._refused("POST", document, reply)

    async def bring_many(self) -> None:
        """New documents and new editions of known ones as one bulk ingestion."""
        now = time.monotonic()
        free = [d for d in self.book.existing() if not d.is_busy and d.quiet_until < now and d.uri is not None]
        members = [self._new(f"chaos:///{self.name}/{self._made}.txt") for _ in range(self.rng.randint(3, 8))]
        for document in self.rng.sample(free, min(len(free), 3)):
            document.is_busy = True
            document.editions.append(document.editions[document.settled].changed(self.rng))
            members.append(document)
        numbers = [len(document.editions) - 1 for document in members]
        body = {"documents": [_upload_body(*member) for member in zip(members, numbers, strict=True)]}
        try:
            reply = await self.client.change("POST", "/v1/ingestions", body, self._key())
            if reply is None:
                return
            if reply.status != 202:
                self._refused("POST", members[0], reply)
                return
            self.book.counts["ingestions"] += 1
            for document, number, taken in zip(members, numbers, reply.body["taken"], strict=True):
                if taken["outcome"] is None:  # refused alone, and sent again alone
                    await self._upload(document, number)
                else:
                    self._accepted(document, number, taken)
        finally:
            for document in members:
                document.is_busy = False

    def _accepted(self, document: Document, number: int, receipt: Mapping[str, Any]) -> None:
        self.book.name(document, receipt["document_id"])
        document.version_ids[receipt["version_id"]] = number
        document.settled = number
        if document.rights[0].acknowledged is None:
            document.rights[0].acknowledged = time.monotonic()
        self.book.counts[f"upload_{receipt['outcome']}"] += 1

    def _key(self) -> str:
        return str(UUID(int=self.rng.getrandbits(128)))

    async def _settled(self, method: str, document: Document, body: object) -> Reply | None:
        """A request without a key. One that broke off may still happen: the document is left alone for a while."""
        reply = await self.client.change(method, f"/v1/documents/{document.id}", body)
        while reply is not None and reply.status == 409 and reply.is_repeated:
            await asyncio.sleep(_RETRY_SECONDS)
            reply = await self.client.change(method, f"/v1/documents/{document.id}", body)
        if reply is not None and reply.is_repeated:
            document.quiet_until = time.monotonic() + ZOMBIE_SECONDS
        return reply

    def _refused(self, method: str, document: Document, reply: Reply) -> None:
        kind = "lost" if reply.status == 404 else "refused"
        self.book.accuse(kind, f"{method} of {document.token} ({document.id}): {reply.status} {reply.code}")


def _upload_body(document: Document, number: int) -> dict[str, object]:
    """Readers are told at first only; a later edition keeps what the document has."""
    body: dict[str, object] = {"text": document.editions[number].text, "media_type": "text/plain"}
    if document.uri is not None:
        body["source_uri"] = document.uri
    if document.settled < 0:
        body["readers"] = sorted(document.rights[0].readers)
    return body
