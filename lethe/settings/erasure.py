"""How long the steps of an erasure wait, and when what cannot be deleted is gone by itself."""

from typing import Annotated, Final

from pydantic import Field

from lethe.settings.base import Section

Seconds = Annotated[float, Field(ge=0)]
Days = Annotated[float, Field(ge=0)]

LONGEST_STEP_SECONDS: Final = 7_200.0
"""What the longest step of an ingestion may take (workflows.policies.BATCH)."""


class ErasureSettings(Section):
    """The erasure of a person."""

    deadline_days: Days = 30.0
    """Within how long a request must be fulfilled."""
    recheck_hour: Annotated[int, Field(ge=0, le=23)] = 3
    """At which hour, in UTC, everybody who was erased is looked for again."""
    approval_documents: Annotated[int, Field(ge=0)] = 100
    """Above how many linked documents a second principal must approve."""
    drain_seconds: Seconds = LONGEST_STEP_SECONDS
    """How long a writer that began before the deletion may still be running: then everything is looked for again."""
    review_seconds: Seconds = 259_200.0
    """How long a find that is not sure waits for somebody's decision; silence means that it is erased."""
    backup_days: Days = 35.0
    """How long the operator keeps backups of the stores."""
    log_days: Days = 14.0
    """How long the operator keeps logs of the processes; they hold opaque ids."""
    history_days: Days = 3.0
    """How long Temporal keeps histories of work on many documents at once, which hold opaque ids."""
    processor_days: Days = 30.0
    """How long outside processors keep what they were sent, as agreed with them."""
