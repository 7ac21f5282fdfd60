"""Other wordings of a question by a language model, where the settings ask for them.

A model's queries are added to the question's own and can only find what the caller may read; still nothing it says is
trusted: a query that lost or invented a number or identifier, or looks like an attack, is not searched for.
"""

import asyncio
import re
from collections.abc import Iterable
from contextlib import aclosing
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from lethe.errors import LetheError, ProviderNotAllowed
from lethe.guards.delimiters import Delimiters
from lethe.guards.injection import suspect_question
from lethe.model.answers import DegradedReason
from lethe.model.processors import Origin
from lethe.model.prompts import PromptText
from lethe.ports.chat import REFUSAL, ChatModel, ChatRequest
from lethe.retrieval.questions import guard_question

MOST_QUERIES: Final = 3
_MOST_TOKENS: Final = 200
_MOST_CHARACTERS: Final = 4_000
_LONGER: Final = 200
"""Characters that a query may have beyond the question's."""

_EDGES: Final = ".,;:!?()[]{}<>\"'`«»„“”‚‘’¿¡…"
_QUOTED: Final = re.compile(r"[\"“„«]([^\"”“»]{2,80})[\"”“»]")
_IDENTIFIER: Final = re.compile(r"\d|[_@/\\]|\w\.\w|[A-Z].*[A-Z]")
_SHOUTED: Final = re.compile(r"\d|[_@/\\]|\w\.\w")
"""The same in a question of capitals only."""


class _Said(BaseModel):
    model_config = ConfigDict(strict=True)

    queries: list[str]


@dataclass(frozen=True, slots=True)
class Reworded:
    """``told``: by what, and what came of it, in words of the settings and codes. ``reasons``: if it was promised."""

    queries: tuple[str, ...] = ()
    told: str = ""
    reasons: tuple[DegradedReason, ...] = ()


@dataclass(frozen=True, slots=True)
class Rewording:
    """``seconds``: how long a search waits. ``is_promised``: whether it is told where the model gave nothing.

    ``suspicion``: a question, or a query, that scores as much is not given to the model, or not taken from it.
    """

    model: ChatModel
    prompt: PromptText
    seconds: float
    is_promised: bool = False
    suspicion: float = 0.5

    async def queries(self, text: str, origin: Origin) -> Reworded:
        """Besides the question at most MOST_QUERIES. Never raises a LetheError: a search goes on without."""
        if suspect_question(text).score >= self.suspicion:
            return Reworded(told=self._told(DegradedReason.QUESTION_SUSPECTED))
        try:
            async with asyncio.timeout(self.seconds):
                said = await self._said(text, origin)
        except TimeoutError:
            return self._nothing("timeout")
        except ProviderNotAllowed as error:
            return Reworded(told=self._told(error.code))
        except LetheError as error:
            return self._nothing(error.code)
        found = None if said is None else _parsed(said)
        if found is None:
            return self._nothing("refused" if said is None else "unreadable")
        return Reworded(usable(text, found, self.suspicion), self._told("answered"))

    async def _said(self, text: str, origin: Origin) -> str | None:
        """What the model says, nothing where it finds no end; None if it refuses."""
        said = ""
        async with aclosing(self.model.stream(replace(self._request(text), origin=origin))) as deltas:
            async for delta in deltas:
                if delta.finish_reason == REFUSAL:
                    return None
                said += delta.text
                if len(said) > _MOST_CHARACTERS:
                    return ""
        return said

    def _request(self, text: str) -> ChatRequest:
        marks = Delimiters.fresh()
        fields = {"nonce": marks.nonce, "most": MOST_QUERIES, "question": marks.question(text)}
        return ChatRequest(
            system=self.prompt.system.substitute(fields),
            user=self.prompt.user.substitute(fields),
            max_tokens=_MOST_TOKENS,
            temperature=0.0,
        )

    def _nothing(self, code: str) -> Reworded:
        reasons = (DegradedReason.REWORDING_DOWN,) if self.is_promised else ()
        return Reworded(told=self._told(code), reasons=reasons)

    def _told(self, code: str) -> str:
        return f"{self.model.provider}:{self.model.model} {self.prompt.version} {code}"


def rewording_prompt(name: str) -> PromptText:
    """Raises ConfigurationError for a name that there is no file of."""
    return PromptText.read(files("lethe.retrieval") / "prompt_files", name, "retrieval.rewriting_prompt")


def usable(question: str, queries: Iterable[str], suspicion: float) -> tuple[str, ...]:
    """Those that may be searched for: each once, and with the question's own numbers and identifiers, no others."""
    kept: dict[str, str] = {}
    for query in queries:
        one = _guarded(" ".join(query.split()), len(question) + _LONGER)
        if one is not None and _is_true_to(question, one) and suspect_question(one).score < suspicion:
            kept.setdefault(one.casefold(), one)
    kept.pop(question.casefold(), None)
    return tuple(kept.values())[:MOST_QUERIES]


def _parsed(said: str) -> list[str] | None:
    """Its queries, also from within a fence or between other words."""
    try:
        return _Said.model_validate_json(said[said.find("{") : said.rfind("}") + 1]).queries
    except ValidationError:
        return None


def _guarded(query: str, most: int) -> str | None:
    try:
        return guard_question(query, most)
    except LetheError:
        return None


def _is_true_to(question: str, query: str) -> bool:
    asked, said = _literals(question), _literals(query)
    invented = {each for each in said - asked if any(letter.isdigit() for letter in each)}
    return asked <= said and not invented and all(quoted in query for quoted in _QUOTED.findall(question))


def _literals(text: str) -> set[str]:
    """What stands for itself: numbers, identifiers, abbreviations, addresses."""
    pattern = _SHOUTED if text.isupper() else _IDENTIFIER
    words = (word.strip(_EDGES).removesuffix("'s").removesuffix("’s") for word in text.split())
    return {word for word in words if pattern.search(word)}
