"""How hard a question looks, and so which models are asked first. By rules that can be read, never by a model."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from lethe.settings import ChainEntry, ModelTier

_LONG_WORDS: Final = 30
_WEAK_NEEDED: Final = 2
_MANY_EXACT: Final = 3

_COMPARES: Final = re.compile(
    r"\b(?:compare[ds]?|comparison|differences?|differ|versus|vs|better|advantages?|pros and cons|trade-?offs?"
    r"|vergleich\w*|unterschied\w*|besser|diferencias?|compara\w*|mejor|différences?|comparer|сравни\w*|отлича\w*)\b",
    re.IGNORECASE,
)
_SUMS_UP: Final = re.compile(
    r"\b(?:summari[sz]e|summary|overview|list all|all the|every|outline|explain|analy[sz]e|step by step"
    r"|zusammenfass\w*|überblick|erkläre\w*|alle|resum\w*|explica\w*|todos|résum\w*|expliqu\w*|объясни\w*|все)\b",
    re.IGNORECASE,
)
_ASKS_WHY: Final = re.compile(r"\b(?:why|how come|warum|wieso|weshalb|por qué|pourquoi|почему|зачем)\b", re.IGNORECASE)
_JOINS: Final = re.compile(r"\b(?:and|or|if|unless|und|oder|wenn|falls|y|o|si|et|ou|и|или|если)\b|[;,]", re.IGNORECASE)
_EXACT: Final = re.compile(r"\b\w*\d\w*\b")


class Difficulty(StrEnum):
    SIMPLE = "simple"
    COMPLEX = "complex"


class Signal(StrEnum):
    """What in a question speaks for a strong model."""

    SEVERAL_QUESTIONS = "several_questions"
    COMPARES = "compares"
    SUMS_UP = "sums_up"
    ASKS_WHY = "asks_why"
    LONG = "long"
    JOINED = "joined"
    MANY_EXACT = "many_exact"


_STRONG: Final = frozenset({Signal.SEVERAL_QUESTIONS, Signal.COMPARES, Signal.SUMS_UP})
"""One of these makes a question complex; of the others it takes two."""


@dataclass(frozen=True, slots=True)
class Routing:
    """A decision and what it was made by."""

    difficulty: Difficulty
    signals: tuple[Signal, ...]

    def __str__(self) -> str:
        """As it stands in provenance: codes, nothing of the question."""
        return f"{self.difficulty}: {', '.join(self.signals)}" if self.signals else self.difficulty.value


def route(question: str) -> Routing:
    """Judge a question by its form."""
    told = {
        Signal.SEVERAL_QUESTIONS: question.count("?") + question.count("？") > 1,
        Signal.COMPARES: _COMPARES.search(question) is not None,
        Signal.SUMS_UP: _SUMS_UP.search(question) is not None,
        Signal.ASKS_WHY: _ASKS_WHY.search(question) is not None,
        Signal.LONG: len(question.split()) > _LONG_WORDS,
        Signal.JOINED: len(_JOINS.findall(question)) > 1,
        Signal.MANY_EXACT: len(set(_EXACT.findall(question))) >= _MANY_EXACT,
    }
    signals = tuple(signal for signal, is_met in told.items() if is_met)
    is_complex = bool(_STRONG.intersection(signals)) or len(signals) >= _WEAK_NEEDED
    return Routing(Difficulty.COMPLEX if is_complex else Difficulty.SIMPLE, signals)


def in_order(chain: Sequence[ChainEntry], difficulty: Difficulty) -> list[ChainEntry]:
    """Those meant for such questions first, then the others, each group in the order of the settings."""
    wanted = ModelTier.STRONG if difficulty is Difficulty.COMPLEX else ModelTier.CHEAP
    return sorted(chain, key=lambda entry: entry.tier not in {wanted, ModelTier.ANY})
