"""What outside models did for a tenant, on the wire."""

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, Field

from api.schemas.base import Given, OpaqueId, Taken
from lethe.model.processors import Operation


class UsageQuery(Taken):
    """Calls made from ``since`` to before ``until``, of everybody or of one principal."""

    since: Annotated[AwareDatetime | None, Field(description="As a rule 30 days before until")] = None
    until: Annotated[AwareDatetime | None, Field(description="As a rule now")] = None
    principal_id: OpaqueId | None = None


class UsageOut(Given):
    """What a principal (null: nobody in particular) had a model do. ``cost_micros``: millionths of the currency."""

    principal_id: OpaqueId | None
    operation: Operation
    provider: str
    model: str
    currency: str
    calls: int
    tokens: int
    tokens_out: int
    cost_micros: int


class UsagePage(Given):
    """Everything there is of that time, the dearest first; calls whose end is not known count at most they can be."""

    since: datetime
    until: datetime
    items: list[UsageOut]
