"""Workflows, as far as a use case starts them or decides for them."""

from enum import StrEnum
from typing import Protocol

from lethe.model.ids import Id
from lethe.model.operations import Dispatch, LetterAction


class Answered(StrEnum):
    """What an ingestion made of a decision."""

    TAKEN = "taken"
    NOT_WAITING = "not_waiting"
    """It runs: there is nothing to decide now."""
    ENDED = "ended"
    """It has ended, or was never started."""


class WorkflowControl(Protocol):
    """Raises WorkflowsUnavailable when Temporal, or every worker, does not answer."""

    async def start(self, dispatch: Dispatch) -> None:
        """Start what a dispatch asks for; what runs or ran already is no error."""
        ...

    async def resolve(self, workflow_id: str, action: LetterAction, decision_id: Id) -> Answered:
        """Decide for an ingestion that waits. The same decision sent again counts once."""
        ...
