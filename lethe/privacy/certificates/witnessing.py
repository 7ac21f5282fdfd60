"""What a witness does, without its wire: cosign what follows from what it saw, and keep tombstones.

It needs no more than a journal that only grows. A log is known by its origin; the first key seen of an origin stays the
only one. Beside the proof it takes the hashes of the new leaves and computes the root itself, so that a log that was
put back from an older copy can be brought to where it was, without a word of what the leaves said.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict

from lethe.errors import CheckpointRefused, LogForked, WitnessUnavailable
from lethe.ports.witness import Advance, Tombstone, WitnessHead
from lethe.privacy.certificates.merkle import HASH_BYTES, MerkleTree, verify_consistency
from lethe.privacy.certificates.notes import Checkpoint, Note, NoteSigner, VerifierKey, unb64


class Step(BaseModel):
    """A checkpoint that was cosigned, and the leaves since the one before."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    type: Literal["checkpoint"] = "checkpoint"
    origin: str
    log_key: str
    leaves: tuple[str, ...]
    note: str


class Burial(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    type: Literal["tombstones"] = "tombstones"
    origin: str
    tombstones: tuple[Tombstone, ...]


Record = Step | Burial


class Journal(Protocol):
    """Records in the order they were added; on disk when `add` returns."""

    def records(self) -> Iterator[Record]: ...

    def add(self, record: Record) -> None: ...


@dataclass
class _Seen:
    log_key: str = ""
    note: str = ""
    tree: MerkleTree = field(default_factory=MerkleTree)
    leaves: list[bytes] = field(default_factory=list[bytes])
    buried: dict[Tombstone, None] = field(default_factory=dict[Tombstone, None])


class WitnessState:
    """One call at a time: the caller holds a lock."""

    def __init__(self, signer: NoteSigner, journal: Journal, seconds: Callable[[], int]) -> None:
        self._signer = signer
        self._journal = journal
        self._seconds = seconds
        self._logs: dict[str, _Seen] = {}
        for record in journal.records():
            self._apply(record)

    def head(self, origin: str) -> WitnessHead:
        seen = self._logs.get(origin, _Seen())
        return WitnessHead(seen.tree.size, seen.note, self._signer.key.text, seen.log_key, len(seen.buried))

    def leaves(self, origin: str, begin: int, limit: int) -> Sequence[bytes]:
        return self._logs.get(origin, _Seen()).leaves[begin : begin + limit]

    def tombstones(self, origin: str, begin: int, limit: int) -> Sequence[Tombstone]:
        return list(self._logs.get(origin, _Seen()).buried)[begin : begin + limit]

    def bury(self, origin: str, tombstones: Iterable[Tombstone]) -> None:
        known = self._logs.get(origin, _Seen()).buried
        new = [each for each in dict.fromkeys(tombstones) if each not in known]
        if new:
            self._keep(Burial(origin=origin, tombstones=tuple(new)))

    def cosign(self, advance: Advance) -> str:
        """The line of the signature, once the step is on disk. Raises as `lethe.ports.witness.Witness.cosign`."""
        note, checkpoint = _opened(advance)
        seen = self._logs.get(checkpoint.origin, _Seen())
        if seen.log_key not in {"", advance.log_key}:
            raise CheckpointRefused("the log signs with another key than it did")
        if advance.old != seen.tree.size:
            raise WitnessUnavailable("the witness has seen another size by now", retry_after=0.1)
        self._require_continuation(seen, checkpoint, advance)
        if checkpoint.size > seen.tree.size or not seen.note:
            origin, key = checkpoint.origin, advance.log_key
            self._keep(Step(origin=origin, log_key=key, leaves=advance.leaves, note=note.text))
        return self._signer.cosign(note.body, self._seconds()).line

    def _require_continuation(self, seen: _Seen, checkpoint: Checkpoint, advance: Advance) -> None:
        proof, leaves = [unb64(each) for each in advance.proof], [unb64(each) for each in advance.leaves]
        size = seen.tree.size
        if not verify_consistency(size, checkpoint.size, seen.tree.root(), checkpoint.root, proof):
            raise LogForked
        grown = seen.tree.grown(leaves)
        if (grown.size, grown.root()) != (checkpoint.size, checkpoint.root):
            raise LogForked("the leaves are not those of the checkpoint")

    def _keep(self, record: Record) -> None:
        self._journal.add(record)
        self._apply(record)

    def _apply(self, record: Record) -> None:
        seen = self._logs.setdefault(record.origin, _Seen())
        match record:
            case Step():
                seen.log_key, seen.note = record.log_key, record.note
                for leaf in record.leaves:
                    seen.leaves.append(unb64(leaf))
                    seen.tree.append(seen.leaves[-1])
            case Burial():
                seen.buried.update(dict.fromkeys(record.tombstones))


def _opened(advance: Advance) -> tuple[Note, Checkpoint]:
    try:
        note, key = Note.parse(advance.checkpoint), VerifierKey.parse(advance.log_key)
        checkpoint = Checkpoint.parse(note.body)
        widths = {len(unb64(each)) for each in (*advance.proof, *advance.leaves)}
    except ValueError as error:
        raise CheckpointRefused("not a checkpoint in its one form") from error
    if not widths <= {HASH_BYTES}:
        raise CheckpointRefused("not a hash")
    if key.name != checkpoint.origin or len(note.signatures) != 1 or not note.is_signed_by(key):
        raise CheckpointRefused("the checkpoint is not signed by its log")
    return note, checkpoint
