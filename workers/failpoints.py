"""Killing the process at a named place, for fault tests (testing.failpoint = "<activity>:before|after|drafted")."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lethe.settings import TestingSettings

EXIT_CODE: Final = 137
"""What a shell reports of a process killed by SIGKILL; nothing is flushed or closed here either."""


@dataclass(frozen=True, slots=True)
class Failpoint:
    """Dies once: the latch file is what remembers that, across the restart."""

    name: str
    latch: str

    @classmethod
    def from_settings(cls, settings: TestingSettings) -> "Failpoint":
        return cls(settings.failpoint, settings.failpoint_latch)

    def reach(self, place: str) -> None:
        """End the process here and now if this is the place and it was not reached before."""
        if place != self.name:
            return
        try:
            if self.latch:
                Path(self.latch).touch(exist_ok=False)
        except FileExistsError:
            return
        os._exit(EXIT_CODE)
