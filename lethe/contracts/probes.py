"""Inputs and outputs of the workflows that probe embedding models, and what is found by them."""

from pydantic import Field

from lethe.contracts.base import Contract
from lethe.model.ids import Id


class ProbeRef(Contract):
    """The tenant whose model is probed."""

    tenant_id: Id


class Probed(Contract):
    """See lethe.model.probes.EmbeddingProbe. ``compared`` 0: there was nothing to compare with yet."""

    compared: int
    worst: float
    is_changed: bool


class QualityProbed(Contract):
    """See lethe.model.probes.QualityProbe."""

    questions: int
    precision: float | None


class ProbeAllRun(Contract):
    """The round over all tenants; it goes on after this tenant."""

    after: Id | None = None
    probed: int = 0
    changed: int = 0
    failed: int = 0


class ProbesBegun(Contract):
    """A page of tenants. ``after`` is None when there are no more."""

    tenants: list[Id] = Field(max_length=100)
    after: Id | None
