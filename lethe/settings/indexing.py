"""How index builds follow the ledger."""

from typing import Annotated

from pydantic import Field

from lethe.settings.base import Section


class IndexingSettings(Section):
    """How fast an index build follows the ledger, so that ingestion and questions are not starved."""

    page_documents: Annotated[int, Field(ge=1, le=1000)] = 50
    """Documents brought into a build at a time; the documents of one commit are never parted."""
    page_chunks: Annotated[int, Field(ge=1)] = 1000
    """Chunks brought into a build at a time; of one commit there may be more."""
    step_seconds: Annotated[float, Field(gt=0)] = 60.0
    """After this long the place is written down too: a slow model takes minutes for a page."""
    pages_per_step: Annotated[int, Field(ge=1)] = 10
    """Pages after which the place is written down."""
    share: Annotated[float, Field(gt=0, le=1)] = 0.5
    """Share of the time in which a process writes into builds; in the rest it leaves the machine to others."""
    pause_seconds: Annotated[float, Field(ge=0)] = 0.2
    """Pause between two steps of a build."""
    closing_tries: Annotated[int, Field(ge=1)] = 20
    """How often in one step a build is brought up to date and offered for the cutover, while documents are written."""
    soak_pause_seconds: Annotated[float, Field(gt=0)] = 5.0
    """Pause between two looks of a replaced build that is kept for a way back."""
