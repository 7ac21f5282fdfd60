"""Probes of embedding models on the wire."""

from datetime import datetime

from api.schemas.base import Given


class ProbeOut(Given):
    """The last probe of a model: ``compared`` texts were embedded again, ``worst`` was the least cosine.

    ``stopped_at``: since when no vector of it is written, because they were others than before; null: they are.
    """

    spec: str
    probed_at: datetime
    compared: int
    worst: float
    stopped_at: datetime | None


class QualityOut(Given):
    """Of what ``questions`` with a liked answer found then, the share among their five best documents now.

    ``precision`` is null where there were none.
    """

    probed_at: datetime
    questions: int
    precision: float | None


class ProbesOut(Given):
    """One for each model that the tenant's vectors come, or came, from; ``quality`` is null before the first probe."""

    items: list[ProbeOut]
    quality: QualityOut | None = None


class ProbeBegunOut(Given):
    """The workflow that probes; `GET /v1/probes` shows what it found."""

    workflow_id: str
