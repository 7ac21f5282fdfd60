"""What items of a source are known by."""

from dataclasses import dataclass
from typing import Final

from lethe.errors import PayloadTooLarge, SourceItemTooLarge
from lethe.model.ids import Id
from lethe.privacy.digests import keyed_digest

LIMITED: Final = frozenset({PayloadTooLarge.code, SourceItemTooLarge.code})
"""Refusals that other limits would not have been."""


@dataclass(frozen=True, slots=True)
class Digester:
    """Digests of what a source calls its items, and of their revisions: of one source each.

    ``limits``: those that its items are held to.
    """

    key: bytes
    source_id: Id
    limits: str = ""

    def of_key(self, key: str) -> str:
        return keyed_digest(self.key, "source.item", self.source_id, key)

    def of_revision(self, key: str, revision: str) -> str:
        return keyed_digest(self.key, "source.revision", self.source_id, key, revision)

    def of_settled(self, key: str, revision: str, code: str) -> str:
        """What is kept of a revision that was taken in, or refused with the code: another one under other limits."""
        if code in LIMITED:
            return keyed_digest(self.key, "source.refused", self.source_id, key, revision, self.limits)
        return self.of_revision(key, revision)
