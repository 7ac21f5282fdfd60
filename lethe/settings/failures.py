"""Settings of what happens after a failure."""

from typing import Annotated

from pydantic import Field

from lethe.settings.base import Section


class FailureSettings(Section):
    """When a failure stops being tried by itself, and when somebody is told."""

    unknown_drives: Annotated[int, Field(ge=1, le=100)] = 5
    """A failure of unknown cause is driven again this often; then the document counts as poison."""
    failing_after: Annotated[int, Field(ge=1)] = 3
    """Failures of one document after which it is told as failing, and again at each multiple."""
    ratio: Annotated[float, Field(gt=0, le=1)] = 0.2
    """Share of failed among a tenant's ended ingestions that is told as too high."""
    ratio_least: Annotated[int, Field(ge=1)] = 50
    """Ended ingestions below which there is no share to speak of."""
    ratio_minutes: Annotated[int, Field(ge=1, le=1440)] = 60
    """How far back ended ingestions count."""
