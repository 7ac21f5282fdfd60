"""When embedding models are asked again for vectors they gave."""

from typing import Annotated

from pydantic import Field

from lethe.settings.base import Section


class ProbeSettings(Section):
    """Texts embedded and questions asked again every night, so that a model or a quality that changed is noticed."""

    sample: Annotated[int, Field(ge=0, le=200)] = 20
    """Stored chunks of each tenant that are embedded again, besides a fixed set of texts."""
    judged: Annotated[int, Field(ge=0, le=200)] = 50
    """Newest questions with a liked answer that are asked again each night: what it cited should still be found."""
    judged_least: Annotated[int, Field(ge=1)] = 5
    """A tenant with fewer of them is left out of `rag_precision_at_5`."""
    hour: Annotated[int, Field(ge=0, le=23)] = 4
    """At which hour, in UTC, the nightly probe begins."""
    jitter_minutes: Annotated[int, Field(ge=0)] = 30
    """Up to how much later, so that many installations do not begin at once."""
