"""The parts of a content fingerprint that are not the bytes (P1): a change of any of them makes a new version."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PipelineRevision:
    """Revisions of what turns bytes into chunks. ``chunker`` names the effective sizes, clamped to the embedder."""

    parser: str
    chunker: str
    policy: str = "none"
