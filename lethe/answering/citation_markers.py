"""Markers of citations in a model's words, as they come: numbered by first mention, invented ones taken out."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

_NUMBERS: Final = r"(?:\^|passages?\s|sources?\s)?\s*(\d{1,4}(?:\s*[,;]\s*\d{1,4})*)"
_MARKER: Final = re.compile(rf"[\[【]\s*{_NUMBERS}\s*[\]】]", re.IGNORECASE)
_NUMBER: Final = re.compile(r"\d+")
_OPEN: Final = re.compile(r"[\[【][^\]】]{0,40}$")
"""The beginning of what may become a marker: it waits for the rest."""


@dataclass(slots=True)
class Markers:
    """Feed it every piece, then close it; what they return has only markers `[n]` of passages that were shown.

    ``order[n - 1]`` is the number under which the passage that `[n]` means was shown. ``invented``: markers of others.
    """

    shown: Collection[int]
    order: list[int] = field(default_factory=list[int])
    invented: int = 0
    _held: str = ""

    def feed(self, text: str) -> str:
        """What may go out now."""
        text = self._held + text
        opened = _OPEN.search(text)
        self._held = text[opened.start() :] if opened else ""
        return _MARKER.sub(self._renumbered, text[: opened.start()] if opened else text)

    def close(self) -> str:
        """What was held back."""
        held, self._held = self._held, ""
        return held

    def number_of(self, shown: int) -> int:
        """The number of a passage in the answer; the next free one at its first mention."""
        if shown not in self.order:
            self.order.append(shown)
        return self.order.index(shown) + 1

    def _renumbered(self, marker: re.Match[str]) -> str:
        numbers = [int(number) for number in _NUMBER.findall(marker[1])]
        known = [number for number in numbers if number in self.shown]
        self.invented += len(numbers) - len(known)
        return "".join(f"[{self.number_of(number)}]" for number in dict.fromkeys(known))
