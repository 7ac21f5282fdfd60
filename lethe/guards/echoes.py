"""Runs of the prompt's own words in an answer."""

import re
from collections.abc import Iterable
from copy import copy
from functools import cached_property
from typing import Final

RUN_WORDS: Final = 8
"""So many words in a row as in the prompt are no accident."""
_HELD_FROM: Final = 3
"""A run is held back from its third word on; fewer go out at once, so that "in the" costs no delay."""
_WORD: Final = re.compile(r"[^\W_]+")


class Echoes:
    """Holds back what may become an echo: at most RUN_WORDS words. Pieces come in order, white space included."""

    def __init__(self, prompt: str, allowed: Iterable[str]) -> None:
        self._prompt = _words(prompt)
        self._runs = _runs(self._prompt)
        self._allowed = _Allowed(allowed)
        self._places: dict[str, list[int]] = {}
        for place, word in enumerate(self._prompt):
            self._places.setdefault(word, []).append(place)
        self.reset()

    def anew(self) -> "Echoes":
        """One that knows the same and has seen nothing."""
        other = copy(self)
        other.reset()
        return other

    def reset(self) -> None:
        """Forget what was seen."""
        self._held: list[tuple[str, int]] = []
        self._recent: list[str] = []
        self._active: dict[int, int] = {}
        self._is_echoing = False

    def push(self, piece: str) -> tuple[str, bool]:
        """What may go out now, and whether an echo has just begun."""
        if not self._runs:
            return piece, False
        found = _words(piece)
        if not found:
            return self._unworded(piece)
        began = False
        for word in found:
            began = self._step(word) or began
        if self._is_echoing:
            return "", began
        self._held.append((piece, len(found)))
        return self._released(max(self._active.values(), default=0)), began

    def flush(self) -> str:
        """What is still held, when the answer ends."""
        held, self._held = "".join(piece for piece, _ in self._held), []
        return held

    def _unworded(self, piece: str) -> tuple[str, bool]:
        if self._is_echoing:
            return "", False
        if not self._held:
            return piece, False
        self._held.append((piece, 0))
        return "", False

    def _step(self, word: str) -> bool:
        self._active = {
            place + 1: length + 1 for place, length in self._active.items() if self._word_at(place + 1) == word
        } | {place: 1 for place in self._places.get(word, ()) if self._active.get(place - 1) is None}
        self._recent = [*self._recent[1 - RUN_WORDS :], word]
        run = tuple(self._recent)
        if run in self._runs and run not in self._allowed.runs:
            began, self._is_echoing = not self._is_echoing, True
            self._held = []
            return began
        if self._is_echoing:
            # The run of eight is over with the first word that does not go on.
            self._is_echoing = False
            self._recent = [word]
            self._active = dict.fromkeys(self._places.get(word, ()), 1)
        return False

    def _word_at(self, place: int) -> str:
        return self._prompt[place] if place < len(self._prompt) else ""

    def _released(self, run: int) -> str:
        """Hold the words of the longest run that may still become an echo, let the rest go."""
        keep = run if run >= _HELD_FROM else 0
        words = 0
        first = len(self._held)
        while first > 0 and words < keep:
            first -= 1
            words += self._held[first][1]
        going = "".join(piece for piece, _ in self._held[:first])
        self._held = self._held[first:]
        return going


class _Allowed:
    """What others than the prompt say: read at the first run of the prompt's, which hardly any answer has."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = tuple(texts)

    @cached_property
    def runs(self) -> set[tuple[str, ...]]:
        return {run for text in self._texts for run in _runs(_words(text))}


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _runs(words: list[str]) -> set[tuple[str, ...]]:
    return {tuple(words[start : start + RUN_WORDS]) for start in range(len(words) - RUN_WORDS + 1)}
