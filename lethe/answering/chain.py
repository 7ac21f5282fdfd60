"""The language models an answer may come from, and which of them a question is given to."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lethe.answering.attack_bank import AttackBank
from lethe.answering.prompts import Prompt, load_prompt
from lethe.answering.routing import in_order, route
from lethe.answering.screening import question_score
from lethe.errors import BreakerOpen, ProviderNotAllowed
from lethe.model.answers import DegradedReason
from lethe.ports.breakers import Breakers, chat_breaker
from lethe.ports.chat import ChatModel
from lethe.privacy.provider_policy import is_allowed
from lethe.settings import AnsweringSettings, ChainEntry, GroundingSettings, GuardSettings, Settings


@dataclass(frozen=True, slots=True)
class Link:
    """A configured model and how it is reached."""

    entry: ChainEntry
    model: ChatModel

    @property
    def name(self) -> str:
        """`provider:model`."""
        return self.entry.name


@dataclass(frozen=True, slots=True)
class Chain:
    """Built by the wiring. ``seconds``: from a question to its answer."""

    links: tuple[Link, ...]
    breakers: Breakers
    prompt: Prompt
    settings: AnsweringSettings
    grounding: GroundingSettings
    guards: GuardSettings
    bank: AttackBank | None = None
    seconds: float = 30.0

    def link(self, name: str) -> Link | None:
        """By `provider:model`; None for a model that is configured no more."""
        return next((link for link in self.links if link.name == name), None)


def make_chain(
    settings: Settings, models: Sequence[tuple[ChainEntry, ChatModel]], breakers: Breakers, bank: AttackBank | None
) -> Chain | None:
    """The chain of these models; None without any. Raises ConfigurationError for a prompt that does not exist."""
    prompt = load_prompt(settings.answering.prompt)
    if not models:
        return None
    return Chain(
        links=tuple(Link(entry, model) for entry, model in models),
        breakers=breakers,
        prompt=prompt,
        settings=settings.answering,
        grounding=settings.grounding,
        guards=settings.guards,
        bank=bank,
        seconds=settings.limits.answer_seconds,
    )


@dataclass(frozen=True, slots=True)
class Plan:
    """The models to try, in order, by name. ``passed_over``: the others and why; ``reasons``: if none is left."""

    models: tuple[str, ...]
    routing: str
    passed_over: tuple[str, ...]
    reasons: tuple[DegradedReason, ...]


async def plan(
    chain: Chain, question: str, allowed: tuple[str, ...] | None, vector: NDArray[np.float32] | None = None
) -> Plan:
    """Models for a question: by its difficulty, without those the tenant refuses and those left alone for failing.

    None for a question that looks like an attack on them. ``vector``: the question's, if it is known.
    """
    routing = route(question)
    bank = chain.bank if chain.guards.attack_bank else None
    if (await question_score(question, bank, vector)).score >= chain.guards.question_score:
        suspected = DegradedReason.QUESTION_SUSPECTED
        return Plan((), str(routing), tuple(attempt(link.name, suspected) for link in chain.links), (suspected,))
    models: list[str] = []
    passed_over: list[str] = []
    for entry in in_order([link.entry for link in chain.links], routing.difficulty):
        if not is_allowed(allowed, entry.provider.value):
            passed_over.append(attempt(entry.name, ProviderNotAllowed.code))
        elif await chain.breakers.is_open(chat_breaker(entry.provider.value, entry.model)):
            passed_over.append(attempt(entry.name, BreakerOpen.code))
        else:
            models.append(entry.name)
    reasons = () if models or not chain.links else _reasons(passed_over)
    return Plan(tuple(models), str(routing), tuple(passed_over), reasons)


def attempt(model: str, outcome: str) -> str:
    """A line of provenance: a model and what came of it, both words of the settings or codes."""
    return f"{model} {outcome}"


def _reasons(passed_over: Sequence[str]) -> tuple[DegradedReason, ...]:
    if all(each.endswith(f" {ProviderNotAllowed.code}") for each in passed_over):
        return (DegradedReason.PROVIDER_NOT_ALLOWED,)
    return (DegradedReason.PROVIDER_DOWN,)
