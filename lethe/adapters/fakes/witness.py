"""A witness in memory: the real one's judgement, and a journal that a test can look into or lose."""

from collections.abc import Iterator, Sequence

from lethe.errors import WitnessUnavailable
from lethe.ports.witness import Advance, Tombstone, WitnessHead
from lethe.privacy.certificates.notes import NoteSigner
from lethe.privacy.certificates.witnessing import Record, WitnessState


class MemoryJournal:
    """lethe.privacy.certificates.witnessing.Journal."""

    def __init__(self) -> None:
        self.kept: list[Record] = []

    def records(self) -> Iterator[Record]:
        return iter(tuple(self.kept))

    def add(self, record: Record) -> None:
        self.kept.append(record)


class FakeWitness:
    """lethe.ports.witness.Witness. ``is_down`` makes every call fail."""

    def __init__(self, signer: NoteSigner | None = None) -> None:
        self.journal = MemoryJournal()
        self.signer = signer or NoteSigner("witness/fake", bytes(31) + b"w", is_witness=True)
        self.state = WitnessState(self.signer, self.journal, lambda: 1_800_000_000)
        self.is_down = False

    async def head(self, origin: str) -> WitnessHead:
        return self._up().head(origin)

    async def cosign(self, advance: Advance) -> str:
        return self._up().cosign(advance)

    async def leaves(self, origin: str, begin: int) -> Sequence[bytes]:
        return self._up().leaves(origin, begin, 100)

    async def bury(self, origin: str, tombstones: Sequence[Tombstone]) -> None:
        self._up().bury(origin, tombstones)

    async def tombstones(self, origin: str, begin: int) -> Sequence[Tombstone]:
        return self._up().tombstones(origin, begin, 100)

    def _up(self) -> WitnessState:
        if self.is_down:
            raise WitnessUnavailable
        return self.state
