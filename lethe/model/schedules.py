"""When something is done by itself."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lethe.model.ids import Id

SHORTEST_SECONDS: Final = 60
"""Between two runs."""
LONGEST_SECONDS: Final = 366 * 86_400

_PART: Final = re.compile(r"(?P<low>\*|\d{1,2})(?:-(?P<high>\d{1,2}))?(?:/(?P<step>\d{1,2}))?")
_RANGES: Final = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
"""Of minutes, hours, days, months, days of the week."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Either an interval or a cron expression (five fields, UTC). ``catch_up_seconds``: how late a run that was missed
    is still made up for.
    """

    every_seconds: int | None = None
    cron: str = ""
    jitter_seconds: int = 0
    catch_up_seconds: int = 3600


def is_cron(text: str) -> bool:
    """Whether it is a cron expression of five fields: numbers, ranges, steps and lists of them."""
    fields = text.split()
    return len(fields) == len(_RANGES) and all(
        all(_is_part(part, low, high) for part in field.split(","))
        for field, (low, high) in zip(fields, _RANGES, strict=True)
    )


def _is_part(part: str, least: int, most: int) -> bool:
    found = _PART.fullmatch(part)
    if found is None or found["step"] == "0" * len(found["step"] or "-"):
        return False
    if found["low"] == "*":
        return found["high"] is None
    low = int(found["low"])
    return least <= low <= int(found["high"] or low) <= most


@dataclass(frozen=True, slots=True)
class ScheduleView:
    """A schedule as Temporal has it. ``paused_by``: a principal's id, or `operator` where it was done in Temporal.

    ``source_id`` is None for what the whole installation does; that is paused in Temporal only.
    """

    id: str
    what: str
    source_id: Id | None
    next_run_at: datetime | None
    last_run_at: datetime | None
    is_paused: bool
    paused_by: str | None
    note: str
    is_running: bool
