"""Reading the code of a failed step. Nothing else of a failure crosses the activity boundary."""

from typing import Final

from temporalio.exceptions import ActivityError, ApplicationError, TimeoutError

TIMED_OUT: Final = "step_timed_out"
UNKNOWN: Final = "internal_error"


def code_of(error: ActivityError | ApplicationError) -> str:
    """The stable code of what went wrong in the activity (lethe.errors); a local one fails as what it raised."""
    cause = error.cause if isinstance(error, ActivityError) else error
    if isinstance(cause, ApplicationError) and cause.type:
        return cause.type
    return TIMED_OUT if isinstance(cause, TimeoutError) else UNKNOWN
