"""The parts of a content fingerprint that are not the bytes (P1): a change of any of them makes a new version."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PipelineRevision:
    """Revisions of what turns bytes into chunks. ``chunker`` names the effective sizes, clamped to the embedder."""

    parser: str
    chunker: str
    policy: str = "none"

    @property
    def recorded(self) -> dict[str, str]:
        """As a version keeps them, so that it can be told what it was not made by."""
        return {"made_by_parser": self.parser, "made_by_chunker": self.chunker, "made_by_policy": self.policy}
