"""How long what is kept is kept, where a tenant's own policy says nothing else."""

from typing import Annotated

from pydantic import Field

from lethe.settings.base import Section


class RetentionSettings(Section):
    """When documents, questions and dead letters are past their time, and when that is looked for."""

    document_days: Annotated[int | None, Field(ge=1)] = None
    """Since a document was last sent; without a number it is kept until somebody deletes it."""
    question_days: Annotated[int, Field(ge=1)] = 90
    """How long questions are kept, with their answers and the verdicts on them."""
    dead_letter_days: Annotated[int, Field(ge=1)] = 30
    """How long resolved and closed dead letters are kept, and what was decided on many."""
    hour: Annotated[int, Field(ge=0, le=23)] = 2
    """At which hour, in UTC, the nightly removal begins."""
    jitter_minutes: Annotated[int, Field(ge=0)] = 30
    """Up to how much later, so that many installations do not begin at once."""
    run_days: Annotated[int, Field(ge=1)] = 90
    """How long it is known what a run removed."""
