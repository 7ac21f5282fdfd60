"""Groundedness by a language model, where one is configured for it; the rules still have the last word on numbers."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Final

from lethe.answering.grounding import Claim, ClaimCheck, Flaw, Groundedness, Source
from lethe.errors import LetheError
from lethe.guards.delimiters import Delimiters
from lethe.model.prompts import PromptText
from lethe.ports.chat import ChatModel, ChatRequest

PROMPT: Final = "grounding-v1"

_VERDICT: Final = re.compile(r"^\W*(\d{1,3})\s*[:.)-]\s*\W*(supported|unsupported)\b", re.IGNORECASE | re.MULTILINE)
_TOKENS_PER_LINE: Final = 8
_SUPPORTED_SCORE: Final = 0.75
_UNSUPPORTED_SCORE: Final = 0.2
_SOFT: Final = frozenset({Flaw.UNRELATED, Flaw.NAME, Flaw.NEGATION})


async def judged(
    groundedness: Groundedness,
    claims: Sequence[Claim],
    passages: Mapping[int, Source],
    model: ChatModel,
    *,
    threshold: float = 0.5,
    seconds: float = 5.0,
) -> Groundedness | None:
    """What the rules found, corrected by a model's verdicts; None without them (error, timeout, nonsense).

    The model may lower any score, and raise one that only wording, names or negation lowered; a number that is not in
    the passages stays one. The caller writes the call to the processor and cost ledgers.
    """
    try:
        async with asyncio.timeout(seconds), aclosing(model.stream(judge_request(claims, passages))) as deltas:
            answer = "".join([delta.text async for delta in deltas])
    except (LetheError, TimeoutError):
        return None
    verdicts = {int(number): word.casefold() == "supported" for number, word in _VERDICT.findall(answer)}
    if set(verdicts) != set(range(1, len(claims) + 1)):
        return None
    checks = tuple(_corrected(one, verdicts[number]) for number, one in enumerate(groundedness.claims, start=1))
    return Groundedness(
        score=round(sum(one.score for one in checks) / len(checks), 4) if checks else 1.0,
        claims=checks,
        unsupported=tuple(place for place, one in enumerate(checks) if one.score < threshold),
    )


def judge_version() -> str:
    """For provenance: the prompt's name and digest."""
    return _prompt().version


def judge_request(claims: Sequence[Claim], passages: Mapping[int, Source]) -> ChatRequest:
    """The question put to the judge: only what is cited, between markers of its own."""
    marks = Delimiters.fresh()
    cited = sorted({number for claim in claims for number in claim.citations if number in passages})
    shown = "\n\n".join(
        marks.passage(number, f"({passages[number].headings})\n{passages[number].text}") for number in cited
    )
    lines = "\n".join(f"{number}: {' '.join(claim.text.split())}" for number, claim in enumerate(claims, start=1))
    fields = {"nonce": marks.nonce, "passages": shown, "claims": marks.question(lines)}
    return ChatRequest(
        system=_prompt().system.substitute(fields),
        user=_prompt().user.substitute(fields),
        max_tokens=_TOKENS_PER_LINE * (len(claims) + 1),
        temperature=0.0,
    )


@cache
def _prompt() -> PromptText:
    return PromptText.read(files("lethe.answering") / "judge_files", PROMPT, "grounding.judge")


def _corrected(rules: ClaimCheck, is_supported: bool) -> ClaimCheck:
    if not is_supported:
        return replace(rules, score=min(rules.score, _UNSUPPORTED_SCORE))
    if rules.flaws and set(rules.flaws) <= _SOFT:
        return ClaimCheck(max(rules.score, _SUPPORTED_SCORE))
    return rules if rules.flaws else replace(rules, score=max(rules.score, _SUPPORTED_SCORE))
