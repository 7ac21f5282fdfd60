"""What items of a source are known by."""

from dataclasses import dataclass

from lethe.model.ids import Id
from lethe.privacy.digests import keyed_digest


@dataclass(frozen=True, slots=True)
class Digester:
    """Digests of what a source calls its items, and of their revisions: of one source each."""

    key: bytes
    source_id: Id

    def of_key(self, key: str) -> str:
        return keyed_digest(self.key, "source.item", self.source_id, key)

    def of_revision(self, key: str, revision: str) -> str:
        return keyed_digest(self.key, "source.revision", self.source_id, key, revision)
