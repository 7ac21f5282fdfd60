"""HTTP models of the log of erasures."""

from typing import Annotated

from pydantic import Field

from api.schemas.base import Given


class LogOut(Given):
    """Holds nothing of any tenant: how long the log is, its root, and who signed it."""

    log_key: Annotated[str, Field(description="What `lethe verify-erasure` takes as `--log-key`")]
    witness_key: Annotated[str, Field(description="... and as `--witness-key`; empty before the first certificate")]
    checkpoint: Annotated[str, Field(description="A signed note (C2SP tlog-checkpoint); empty before the first one")]
