"""Inputs and outputs of the workflow that decides on many dead letters."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from lethe.contracts.base import Contract
from lethe.errors import FailureClass
from lethe.model.ids import Id
from lethe.model.operations import LetterAction

Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
"""A code or a step: it cannot hold a sentence."""


class LetterSelection(Contract):
    """What `resolve-letters` starts with.

    The API stores the selection and gives its ``resolution_id``; an operator who starts the workflow by hand leaves
    that out and says here what is meant.
    """

    tenant_id: Id
    resolution_id: Id = ""
    action: LetterAction = LetterAction.RETRY
    failure_class: FailureClass | None = None
    code: Word | None = None
    step: Word | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None


class ResolutionRef(Contract):
    """A stored decision on many letters."""

    tenant_id: Id
    resolution_id: Id


class ResolutionProgress(Contract):
    """How far it is: letters met, those that took the decision, those that could not."""

    matched: int = 0
    done: int = 0
    skipped: int = 0
    is_finished: bool = False
