"""Settings of the witness of the log of erasures."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr

from lethe.settings.base import Section


class WitnessSettings(Section):
    """The process that cosigns the log of erasures. Without it erasures are carried out, but not certified."""

    url: str = ""
    """Where it is: `http://host:port`; empty: none, or the one that `lethe up` starts."""
    token: SecretStr = SecretStr("")
    """What its callers show; generated for the one that `lethe up` starts."""
    host: str = "127.0.0.1"
    """Address it listens on."""
    port: int = 9465
    """Port it listens on; `lethe up` takes a free one if it is in use."""
    folder: str = ""
    """Its key and its file; empty: beside the state folder. No backup of the state may have it in it."""
    timeout_seconds: Annotated[float, Field(gt=0)] = 5.0
    """Limit of a call."""
    start_seconds: Annotated[float, Field(ge=0)] = 60.0
    """How long a process that starts waits for it; then it does not start: an older state could bring somebody back."""

    def folder_beside(self, state: Path) -> Path:
        """As configured, else beside the state folder."""
        return Path(self.folder) if self.folder else state.with_name(f"{state.name}-witness")
