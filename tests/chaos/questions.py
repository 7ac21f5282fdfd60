"""Readers with different rights, and what no answer they get may ever show."""

import asyncio
import random
import time
from dataclasses import dataclass
from typing import Any

from tests.chaos.book import Document, Readers
from tests.chaos.client import Client
from tests.chaos.texts import Marks, editions_with, marks_in


@dataclass(slots=True)
class Asker:
    """One seeded reader; ``groups`` is everything its key may read as."""

    client: Client
    groups: Readers
    rng: random.Random
    stop: asyncio.Event

    async def run(self) -> None:
        while not self.stop.is_set():
            known = self.client.book.documents
            if known:
                await self.ask(self.rng.choice(known))
            await asyncio.sleep(self.rng.uniform(0.1, 0.5))

    async def ask(self, document: Document) -> None:
        """Look for one document, deleted ones too, by search or by a question."""
        paragraph = self.rng.choice(sorted(document.editions[-1].revisions))
        question = {"question": f"Note {document.token} paragraph {paragraph}", "top_k": 10}
        is_search = self.rng.random() < 0.7
        answered = await self.client.ask("/v1/search" if is_search else "/v1/query", question)
        if answered is None:
            return
        began, body = answered
        counts = self.client.book.counts
        counts["answers"] += 1
        counts["degraded"] += bool(body["is_degraded"])
        passages: list[dict[str, Any]] = body["items"] if is_search else body["citations"]
        Answer(self, began, time.monotonic(), passages).check()
        if is_search and not body["is_degraded"]:
            self._expect(document, began, passages)

    def _expect(self, document: Document, began: float, passages: list[dict[str, Any]]) -> None:
        """P2: once seen, a document that nobody touches is found by whoever may read it."""
        is_found = any(passage["document_id"] == document.id for passage in passages)
        if is_found:
            document.live_since = document.live_since or time.monotonic()
        elif (
            document.live_since is not None
            and document.live_since < began
            and document.deletion_begun is None
            and document.must_be_read(self.groups, began, time.monotonic())
        ):
            self.client.book.accuse("gap", f"{document.token} ({document.id}) was not found, and was before")


@dataclass(slots=True)
class Answer:
    """What one caller was shown between two moments."""

    asker: Asker
    began: float
    ended: float
    passages: list[dict[str, Any]]

    def check(self) -> None:
        """Accuse whatever may not be there, then remember which editions were seen."""
        book = self.asker.client.book
        versions: dict[str, set[str]] = {}
        marks: dict[str, set[tuple[int, int]]] = {}
        for passage in self.passages:
            versions.setdefault(passage["document_id"], set()).add(passage["version_id"])
            for token, found in marks_in(passage["text"]).items():
                marks.setdefault(token, set()).update(found)
        for document_id, ids in versions.items():
            if len(ids) > 1:
                book.accuse("two_versions", f"{document_id} in versions {sorted(ids)}")
            document = book.by_id(document_id)
            if document is not None:
                self._check_rights(document)
        for token, found in marks.items():
            document = book.by_token(token)
            if document is None:
                book.accuse("phantom", f"text of {token}, which nobody sent")
            else:
                self._check_text(document, frozenset(found))

    def _check_rights(self, document: Document) -> None:
        book, groups = self.asker.client.book, self.asker.groups
        if document.deleted is not None and document.deleted < self.began:
            book.accuse("deleted_served", f"{document.token} ({document.id})")
        elif not document.may_be_read(groups, self.began, self.ended):
            book.accuse("wrong_rights", f"{document.token} ({document.id}) was shown")

    def _check_text(self, document: Document, marks: Marks) -> None:
        book = self.asker.client.book
        if document.deleted is not None and document.deleted < self.began:
            book.accuse("deleted_served", f"text of {document.token}")
            return
        possible = editions_with(marks, document.editions)
        if not possible:
            book.accuse("two_versions", f"{document.token}: no edition has {sorted(marks)}")
        elif document.floor_since < self.began and max(possible) < document.floor:
            book.accuse("stale", f"{document.token}: edition {max(possible)} after {document.floor} was seen")
        elif min(possible) > document.floor:
            document.floor, document.floor_since = min(possible), self.ended
