"""The witness: a process of its own that has seen the log, and will not see another history of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from lethe.model.ids import Id


@dataclass(frozen=True, slots=True)
class WitnessHead:
    """What the witness has seen of a log: the newest checkpoint it cosigned, empty before the first.

    ``key`` is the witness's own verifier key, ``log_key`` the one it knows the log by.
    """

    size: int
    note: str
    key: str
    log_key: str
    tombstones: int


VERSION: Final = "version"
SUPPRESSION: Final = "suppression"


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What must never come back: the random id of a version or of a key; or the tag of somebody who must not.

    ``kind``: `VERSION`, `SUPPRESSION`, or that of a key alone.
    """

    tenant_id: Id
    kind: str
    id: Id


@dataclass(frozen=True, slots=True)
class Advance:
    """From a state of ``old`` leaves to the checkpoint: the RFC 9162 proof, and the hashes of the leaves between."""

    log_key: str
    old: int
    proof: tuple[str, ...]
    leaves: tuple[str, ...]
    checkpoint: str


class Witness(Protocol):
    """By origin of the log. Raises WitnessUnavailable when it does not answer, CheckpointRefused, LogForked."""

    async def head(self, origin: str) -> WitnessHead: ...

    async def cosign(self, advance: Advance) -> str:
        """The line of the witness's signature. WitnessUnavailable too if it has seen more than ``old`` by now."""
        ...

    async def leaves(self, origin: str, begin: int) -> Sequence[bytes]:
        """Hashes of the log's leaves from ``begin`` on, a page of them."""
        ...

    async def bury(self, origin: str, tombstones: Sequence[Tombstone]) -> None:
        """Keep the tombstones, for ever; on disk when it returns."""
        ...

    async def tombstones(self, origin: str, begin: int) -> Sequence[Tombstone]:
        """From the tombstone number ``begin`` on, a page of them."""
        ...
