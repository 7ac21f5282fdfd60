"""What this process knows of questions until they are answered, so that no step reads again what another has read.

A workflow's history may carry none of it. Where the steps run in two processes (one died), each reads for itself.
Rights are never among it: whatever is served or stored passes the gate then.
"""

import asyncio
from dataclasses import dataclass
from typing import Final

from lethe.answering.caching.keys import AnswerKey
from lethe.answering.checking import Begun
from lethe.answering.extractive import Extract
from lethe.answering.request import AnswerRequest
from lethe.contracts.answering import Retrieved
from lethe.model.answers import Answer, Question
from lethe.model.ids import Id
from lethe.model.indexes import IndexBuild
from lethe.model.traces import Trace
from lethe.ports.search import AskedVector, Found, Passage
from lethe.privacy.short_lived import ShortLived

_MOST: Final = 1_000
_SECONDS: Final = 60.0
"""What is opened by a data key: the key itself is held no longer (KeySettings.cache_seconds)."""
_SETTLED_SECONDS: Final = 1.0
"""What is shown without another look is not older: whoever waits for it takes it at once, or nobody does."""


@dataclass(frozen=True, slots=True)
class CachePlace:
    """Where an answer over the build would be kept, as of the tenant's clock at ``seq``."""

    key: AnswerKey
    build: IndexBuild
    seq: int


@dataclass(frozen=True, slots=True)
class Asked:
    """A stored question, its data key, and what it asks. ``place`` is None where its answer is for nobody else."""

    question: Question
    key: bytes
    request: AnswerRequest
    place: CachePlace | None = None


@dataclass(frozen=True, slots=True)
class Drawn:
    """What these passages answer by themselves."""

    passages: tuple[Passage, ...]
    extract: Extract


@dataclass(frozen=True, slots=True)
class Settled:
    """An answer that was stored with its sources as they passed the gate, because none can have changed meanwhile."""

    asked: Asked
    answer: Answer
    sources: tuple[Passage, ...]


class UnderWay:
    """Each until it is forgotten, or too old, or too many newer ones are kept."""

    def __init__(self) -> None:
        self._asked = ShortLived[Id, Asked](_MOST, _SECONDS)
        self._found = ShortLived[Id, tuple[Passage, ...]](_MOST, _SECONDS)
        self._retrieved = ShortLived[Id, Retrieved](_MOST, _SECONDS)
        self._drafts = ShortLived[Id, Answer](_MOST, _SECONDS)
        self._traces = ShortLived[Id, Trace](_MOST)
        self._vectors = ShortLived[Id, AskedVector](_MOST)
        self._embeddings = ShortLived[str, asyncio.Task[AskedVector]](_MOST, _SECONDS)
        self._searches = ShortLived[Id, tuple[int, asyncio.Task[Found]]](_MOST, _SECONDS)
        self._checks = ShortLived[Id, Begun](_MOST, _SECONDS)
        self._extracts = ShortLived[Id, asyncio.Task[Drawn]](_MOST, _SECONDS)
        self._settled = ShortLived[Id, Settled](_MOST, _SETTLED_SECONDS)

    def keep_asked(self, asked: Asked) -> None:
        self._asked.put(asked.question.id, asked)

    def asked(self, question_id: Id) -> Asked | None:
        return self._asked.get(question_id)

    def keep_found(self, question_id: Id, passages: tuple[Passage, ...]) -> None:
        """As they passed the gate when they were searched for."""
        self._found.put(question_id, passages)

    def found(self, question_id: Id) -> tuple[Passage, ...] | None:
        return self._found.get(question_id)

    def keep_retrieved(self, retrieved: Retrieved) -> None:
        """For another attempt of its step: a model may have been paid for it."""
        self._retrieved.put(retrieved.question.question_id, retrieved)

    def retrieved(self, question_id: Id) -> Retrieved | None:
        return self._retrieved.get(question_id)

    def keep_draft(self, draft: Answer) -> None:
        """One that costs nothing to make again, so that it need not be stored."""
        self._drafts.put(draft.question_id, draft)

    def draft(self, question_id: Id) -> Answer | None:
        return self._drafts.get(question_id)

    def keep_check(self, question_id: Id, begun: Begun) -> None:
        """Begun while its draft is stored."""
        self._checks.put(question_id, begun)

    def check(self, question_id: Id) -> Begun | None:
        return self._checks.get(question_id)

    def keep_trace(self, question_id: Id, trace: Trace) -> None:
        """Between the step that searches and the step that first writes, which spares a commit."""
        self._traces.put(question_id, trace)

    def trace(self, question_id: Id) -> Trace | None:
        return self._traces.get(question_id)

    def keep_vector(self, question_id: Id, vector: AskedVector) -> None:
        """Asked for before the steps, to find a question in other words."""
        self._vectors.put(question_id, vector)

    def vector(self, question_id: Id) -> AskedVector | None:
        return self._vectors.get(question_id)

    def keep_embedding(self, key: str, embedding: asyncio.Task[AskedVector]) -> None:
        """Begun while a question is stored; equal questions have the same ``key``."""
        self._embeddings.put(key, embedding)

    def embedding(self, key: str) -> asyncio.Task[AskedVector] | None:
        return self._embeddings.get(key)

    def drop_embedding(self, key: str) -> None:
        """Of a question that was not stored."""
        self._embeddings.pop(key)

    def keep_search(self, question_id: Id, seq: int, search: asyncio.Task[Found]) -> None:
        """Begun ahead of the step that searches, to read what is live at ``seq``."""
        self._searches.put(question_id, (seq, search))

    def take_search(self, question_id: Id, seq: int) -> asyncio.Task[Found] | None:
        """Once: a step that is tried again searches anew. One that reads another clock is of no use."""
        begun = self._searches.get(question_id)
        if begun is None or begun[0] != seq:
            return None
        self._searches.pop(question_id)
        return begun[1]

    def is_searched(self, question_id: Id, seq: int) -> bool:
        """Whether a search that reads this clock was begun."""
        begun = self._searches.get(question_id)
        return begun is not None and begun[0] == seq

    def drop_search(self, question_id: Id) -> None:
        """For which no step comes, and what was to be drawn from what it finds."""
        begun = self._searches.get(question_id)
        if begun is not None:
            self._searches.pop(question_id)
            begun[1].cancel()
        if (drawing := self.take_extract(question_id)) is not None:
            drawing.cancel()

    def keep_extract(self, question_id: Id, drawing: asyncio.Task[Drawn]) -> None:
        """Begun ahead of the step that draws it."""
        self._extracts.put(question_id, drawing)

    def take_extract(self, question_id: Id) -> asyncio.Task[Drawn] | None:
        """Once."""
        drawing = self._extracts.get(question_id)
        self._extracts.pop(question_id)
        return drawing

    def keep_settled(self, settled: Settled) -> None:
        """For the one who waits for it."""
        self._settled.put(settled.asked.question.id, settled)

    def take_settled(self, question_id: Id) -> Settled | None:
        """Once: later it is read again, and gated."""
        settled = self._settled.get(question_id)
        self._settled.pop(question_id)
        return settled

    def forget(self, question_id: Id) -> None:
        """Once the question is answered."""
        for kept in (self._asked, self._found, self._retrieved, self._drafts, self._traces, self._vectors):
            kept.pop(question_id)
        self._searches.pop(question_id)
        self._checks.pop(question_id)
