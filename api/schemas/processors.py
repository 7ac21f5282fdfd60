"""Outside processors on the wire."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from api.schemas.base import Given, OpaqueId, Taken
from lethe.model.processors import Operation
from lethe.settings import OutsideProvider

Allowed = Annotated[list[str] | None, Field(description="Names of providers; null: every configured one")]


class PolicyIn(Taken):
    """Which outside providers may be sent the tenant's texts."""

    allowed: Annotated[
        list[OutsideProvider] | None,
        Field(max_length=32, description="Only these; an empty list: none; null: every configured one"),
    ]


class ProcessorOut(Given):
    """A processor that this installation is configured to call. ``region``: where it processes, as agreed with it."""

    provider: str
    region: str
    model: str
    operation: Operation
    is_allowed: bool


class PolicyOut(Given):
    """The policy in force; ``changed_by`` is the principal who said so, null while nobody did."""

    allowed: Allowed
    processors: list[ProcessorOut]
    changed_at: datetime | None
    changed_by: OpaqueId | None


class PolicyChangeOut(Given):
    """What one principal made of the policy."""

    id: OpaqueId
    principal_id: OpaqueId
    allowed: Allowed
    created_at: datetime
