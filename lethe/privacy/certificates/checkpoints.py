"""Cosigned checkpoints: the log's state under two signatures, the witness's only if it follows from what it saw."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from lethe.errors import CheckpointRefused, LogForked, WitnessUnavailable
from lethe.model.audit_log import LogCheckpoint
from lethe.ports.clock import Clock
from lethe.ports.ledger import Ledger, UnitOfWork
from lethe.ports.witness import Advance, Witness, WitnessHead
from lethe.privacy.certificates.merkle import (
    EMPTY_ROOT,
    Node,
    Span,
    consistency_spans,
    inclusion_spans,
    nodes_of,
    span_hash,
)
from lethe.privacy.certificates.notes import Checkpoint, Note, NoteSigner, VerifierKey, b64

_PAGE: Final = 5_000


def log_origin(installation_id: str) -> str:
    """What the log of an installation is called, and signs as."""
    return f"lethe/{installation_id}"


async def hashes_of(uow: UnitOfWork, spans: Iterable[Span]) -> list[bytes]:
    """The hash of each span, from the nodes in the ledger."""
    wanted = list(spans)
    found = await uow.audit_log.nodes({node for span in wanted for node in nodes_of(span)})
    hashes = {Node(*place): each for place, each in found.items()}
    return [span_hash(span, hashes) for span in wanted]


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """``signer`` gives the log's key to its origin; it is read when it is needed."""

    ledger: Ledger
    witness: Witness
    clock: Clock
    signer: Callable[[str], NoteSigner]

    async def over(self, leaf_index: int) -> LogCheckpoint:
        """A cosigned checkpoint that covers the leaf: the one there is, else a new one of the whole log.

        Raises WitnessUnavailable, CheckpointRefused, LogForked.
        """
        async with self.ledger.read() as uow:
            known = await uow.audit_log.checkpoint_over(leaf_index)
        return known or await self.advance()

    async def require_continued(self) -> None:
        """That the log holds what the witness saw: a leaf added to an older copy would fork it for good.

        Raises WitnessUnavailable, LogForked.
        """
        async with self.ledger.read() as uow:
            origin = log_origin(await uow.audit_log.installation_id())
        head = await self.witness.head(origin)
        async with self.ledger.read() as uow:
            size = await uow.audit_log.size()
            require_same_history(await root_at(uow, head.size) if size >= head.size else None, head, origin)

    async def advance(self) -> LogCheckpoint:
        """Have the witness cosign the log as it is now."""
        async with self.ledger.read() as uow:
            origin = log_origin(await uow.audit_log.installation_id())
        # First the witness, then the log: what others append meanwhile makes the log longer, never shorter.
        head = await self.witness.head(origin)
        signer = self.signer(origin)
        async with self.ledger.read() as uow:
            checkpoint, advance = await self._advance(uow, origin, head, signer)
        note = Note.parse(advance.checkpoint).with_line(await self.witness.cosign(advance))
        if not note.is_signed_by(VerifierKey.parse(head.key)):
            raise CheckpointRefused("the witness's signature is not its key's")
        stored = LogCheckpoint(checkpoint.size, note.text, head.key, self.clock.now())
        async with self.ledger.write() as uow:
            await uow.audit_log.add_checkpoint(stored)
        return stored

    async def _advance(
        self, uow: UnitOfWork, origin: str, head: WitnessHead, signer: NoteSigner
    ) -> tuple[Checkpoint, Advance]:
        size = await uow.audit_log.size()
        require_same_history(await root_at(uow, head.size) if size >= head.size else None, head, origin)
        checkpoint = Checkpoint(origin, size, await root_at(uow, size))
        return checkpoint, Advance(
            log_key=signer.key.text,
            old=head.size,
            proof=tuple(b64(each) for each in await hashes_of(uow, consistency_spans(head.size, size))),
            leaves=tuple(b64(each) for each in await _leaves(uow, head.size, size)),
            checkpoint=signer.sign(checkpoint.text).text,
        )

    async def inclusion(self, leaf_index: int, checkpoint: LogCheckpoint) -> Sequence[bytes]:
        """The proof that the leaf is in the checkpoint's tree."""
        async with self.ledger.read() as uow:
            return await hashes_of(uow, inclusion_spans(leaf_index, checkpoint.size))


async def root_at(uow: UnitOfWork, size: int) -> bytes:
    return (await hashes_of(uow, [Span(0, size)]))[0] if size else EMPTY_ROOT


def require_same_history(root: bytes | None, head: WitnessHead, origin: str) -> None:
    """``root``: the log's own at the witness's size; None if it is not that long. Raises LogForked.

    WitnessUnavailable, so that it is tried again, where the log is merely behind: start-up heals that.
    """
    if root is None:
        raise WitnessUnavailable("the log is behind what its witness has seen")
    if head.size and Checkpoint.parse(Note.parse(head.note).body) != Checkpoint(origin, head.size, root):
        raise LogForked


async def _leaves(uow: UnitOfWork, begin: int, end: int) -> list[bytes]:
    found: list[bytes] = []
    while begin + len(found) < end:
        found += await uow.audit_log.leaf_hashes(begin + len(found), min(_PAGE, end - begin - len(found)))
    return found
