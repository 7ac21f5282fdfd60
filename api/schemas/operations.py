"""API keys, dead letters and health on the wire."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from api.schemas.base import Given, OpaqueId, PageQuery, Taken
from lethe.errors import FailureClass
from lethe.model.operations import DeadLetterState, LetterAction
from lethe.model.principals import Role


class KeyIn(Taken):
    """A new API key; without ``principal_id`` it is a new principal's."""

    role: Role
    principal_id: OpaqueId | None = None
    groups: Annotated[list[OpaqueId], Field(max_length=100)] = Field(default_factory=list[str])


class KeyOut(Given):
    """An API key without its secret."""

    id: OpaqueId
    principal_id: OpaqueId
    role: Role
    groups: list[OpaqueId]
    created_at: datetime
    revoked_at: datetime | None = None


class NewKeyOut(KeyOut):
    """An API key with its secret, which is shown here and never again.

    ``secret`` is null where the request repeats an earlier one: it is kept nowhere.
    """

    secret: str | None


Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
"""A code or a step: stored in clear, so it must not be able to hold a sentence."""


class DeadLetterQuery(PageQuery):
    """A list of dead letters, narrowed by each field that is sent.

    ``created_after`` is exclusive, ``created_before`` inclusive.
    """

    state: DeadLetterState | None = None
    failure_class: FailureClass | None = None
    code: Code | None = None
    step: Code | None = None
    document_id: OpaqueId | None = None
    created_after: AwareDatetime | None = None
    created_before: AwareDatetime | None = None


class LetterSelectionIn(Taken):
    """Which dead letters to decide on: `{"all": true}`, or those that match every field sent.

    Open and closed ones only. Poison is among them only where `failure_class` or `code` names it.
    """

    all: bool = False
    failure_class: FailureClass | None = None
    code: Code | None = None
    step: Code | None = None
    created_after: AwareDatetime | None = None
    created_before: AwareDatetime | None = None

    @model_validator(mode="after")
    def _says_which(self) -> "LetterSelectionIn":
        if self.all == bool(self.model_fields_set - {"all"}):
            raise ValueError('either {"all": true} or at least one filter')
        return self


class PlaceOut(Given):
    """Where in the document: ``page`` counts from 1; chunks by ordinal, the last included."""

    page: int | None
    first_chunk: int | None
    last_chunk: int | None


class ResolutionOut(Given):
    """A decision on many dead letters, and how far it is.

    ``matched`` were met so far: ``done`` took the decision, ``skipped`` could not, being at work again or settled.
    """

    id: OpaqueId
    action: LetterAction
    failure_class: FailureClass | None
    code: str | None
    step: str | None
    created_after: datetime | None
    created_before: datetime
    matched: int
    done: int
    skipped: int
    created_at: datetime
    finished_at: datetime | None


class DecisionOut(Given):
    """The decision on one dead letter was taken; the document tells how it goes on."""

    id: OpaqueId
    document_id: OpaqueId
    version_id: OpaqueId
    workflow_id: str
    action: LetterAction


class DeadLetterOut(Given):
    """A kept failure (P7). ``input_hmac`` is equal for equal inputs.

    ``failures`` is how often the step gave up, ``attempts`` how often it was tried the last time. ``cause_code`` is
    the code of the failure that a `known_poison` repeats.
    """

    id: OpaqueId
    document_id: OpaqueId
    version_id: OpaqueId
    workflow_id: str
    step: str
    code: str
    failure_class: FailureClass
    attempts: int
    failures: int
    place: PlaceOut | None
    detail: str
    cause_code: str | None
    input_hmac: str
    state: DeadLetterState
    created_at: datetime
    updated_at: datetime


class HealthOut(Given):
    """``status``: ok; degraded (a rung of the ladder is in use); down (the ledger: nothing is served)."""

    status: Literal["ok", "degraded", "down"]
    stores: dict[str, Literal["up", "down"]]
