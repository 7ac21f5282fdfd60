"""What a reader may be shown of an answer in the making: nothing more of it once a source of it is withdrawn."""

import time
from dataclasses import dataclass, field
from typing import Final, cast

from pydantic import JsonValue

from lethe.answering.deps import Answering
from lethe.model.ids import Id
from lethe.model.principals import Caller
from lethe.ports.tokens import TokenEvent, TokenKind

GATE_SECONDS: Final = 0.25
"""How long a withdrawn source may go unnoticed."""

Shown = tuple[TokenKind, dict[str, JsonValue]]


@dataclass(slots=True)
class Preview:
    """One reader's view of one attempt after another.

    ``seq``: the snapshot that the question reads. ``found_for``: the reader ids its sources were found for; a reader
    may answer to fewer of them, because groups belong to the API key. None: not known.
    """

    answering: Answering
    caller: Caller
    seq: int
    found_for: frozenset[Id] | None = None
    _gated_seq: int = -1
    _gated_at: float = 0.0
    _sources: tuple[Id, ...] = ()
    _numbers: dict[Id, int] = field(default_factory=dict[Id, int])
    _is_silent: bool = False

    async def take(self, event: TokenEvent) -> list[Shown]:
        """What the event means to the reader."""
        data = dict(event.data)
        match event.kind:
            case TokenKind.SOURCES:
                self._sources = tuple(cast("list[Id]", data["chunk_ids"]))
                self._gated_seq = self._found_seq
                return await self._gate()
            case TokenKind.RESET:
                self._sources, self._numbers, self._is_silent = (), {}, False
                return [(event.kind, data)]
            case TokenKind.WITHDRAWN:
                self._is_silent = True
                return [(event.kind, data)]
            case TokenKind.CITATION:
                self._numbers[cast("Id", data["chunk_id"])] = cast("int", data["number"])
            case _:
                pass
        return [] if self._is_silent else [(event.kind, data)]

    async def look(self) -> list[Shown]:
        """Gate the sources again if that was not done lately."""
        return await self._gate() if time.monotonic() - self._gated_at >= GATE_SECONDS else []

    async def _gate(self) -> list[Shown]:
        """Cheap while the tenant's clock stands still: nothing can have been withdrawn then."""
        if self._is_silent or not self._sources:
            return []
        self._gated_at = time.monotonic()
        async with self.answering.ledger.read() as uow:
            seq = await uow.tenants.seq(self.caller.tenant_id)
        if seq == self._gated_seq:
            return []
        scores = dict.fromkeys(self._sources, 0.0)
        kept = await self._readable(scores)
        self._gated_seq = seq
        gone = scores.keys() - kept
        if not gone:
            return []
        self._is_silent = True
        cited: list[JsonValue] = [*sorted(self._numbers[chunk_id] for chunk_id in gone if chunk_id in self._numbers)]
        return [(TokenKind.WITHDRAWN, {"number": number}) for number in cited or [None]]

    @property
    def _found_seq(self) -> int:
        """As of when the search gated the sources for this reader too; -1: it did not."""
        return self.seq if self.found_for is not None and self.found_for <= self.caller.readers else -1

    async def _readable(self, scores: dict[Id, float]) -> set[Id]:
        passages = await self.answering.search.reopen(
            self.caller.tenant_id, scores, seq=self.seq, readers=self.caller.readers
        )
        return {passage.chunk_id for passage in passages}
