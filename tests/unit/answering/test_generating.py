"""A model's answer, and what follows from a model's failure, over a real SQLite ledger."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from lethe.answering.prompts import load_prompt
from lethe.errors import (
    LetheError,
    ModelBudget,
    ModelContextOverflow,
    ModelMisconfigured,
    ModelRateLimited,
    ModelUnavailable,
)
from lethe.model.answers import AnswerMode, DegradedReason
from lethe.model.processors import SENT
from lethe.ports.chat import REFUSAL
from lethe.ports.tokens import TokenKind
from lethe.settings import Settings
from tests.unit.answering.model_world import ANSWER, HEIGHT, World, open_world, outcomes
from tests.unit.answering.models import HANG, Says


@pytest.fixture
async def world(sqlite_settings: Settings) -> AsyncGenerator[World, None]:
    async with open_world(sqlite_settings) as opened:
        yield opened


async def test_a_models_answer_is_cited_and_its_provenance_complete(world: World) -> None:
    world = world.chain([ANSWER])
    view = await world.answered()
    assert (view.mode, view.text) == (AnswerMode.GENERATED, "It is 31 metres tall. [1]")
    assert (view.is_degraded, [cited.title for cited in view.citations]) == (False, ["Lights"])
    told = view.provenance
    assert told is not None
    assert (told.provider, told.model, told.model_fingerprint) == ("openai", "m0-2026", "fp_1")
    assert told.prompt_version == load_prompt("answer-v2").version
    assert (told.routing, outcomes(view)) == ("simple", ["openai:m0 answered"])
    assert told.costs_micros == {
        "embedding": 0,
        "search": 0,
        "rerank": 0,
        "llm": told.tokens_out,
        "total": told.tokens_out,
    }
    assert told.cost_micros == told.tokens_out > 0
    assert told.groundedness is not None
    assert told.groundedness >= 0.5
    assert told.context_tokens > 0
    assert {"embed", "search", "gate", "generate", "finish"} <= told.timings_ms.keys()
    assert await world.calls(view.question_id) == [("m0", "answered", told.tokens_out)]
    (request,) = world.models[0].requests
    assert HEIGHT in request.user
    assert request.origin is not None
    assert request.origin.principal_id == world.caller.principal_id


async def test_the_prompt_is_rolled_back_by_setting(world: World) -> None:
    view = await world.chain([ANSWER], prompt="answer-v1").answered()
    assert view.provenance is not None
    assert view.provenance.prompt_version == load_prompt("answer-v1").version


async def test_tokens_are_told_as_they_come_with_citations_before_their_markers(world: World) -> None:
    world = world.chain(["It is 31 metres tall [7] [1]."])
    view = await world.answered()
    said = world.said(view.question_id)
    kinds = [kind for kind, _ in said]
    assert kinds[0] is TokenKind.SOURCES
    assert kinds[-1] is TokenKind.DONE
    text = "".join(str(data["text"]) for kind, data in said if kind is TokenKind.TOKEN)
    assert " ".join(text.split()) == "It is 31 metres tall [1]."
    marked = next(at for at, (kind, data) in enumerate(said) if kind is TokenKind.TOKEN and "[1]" in str(data))
    assert kinds.index(TokenKind.CITATION) < marked
    assert view.provenance is not None
    assert view.provenance.citations_removed == 1


async def test_a_dead_provider_is_followed_by_the_next_and_the_answer_is_whole(world: World) -> None:
    world = world.chain([ModelUnavailable()], [ANSWER])
    view = await world.answered()
    assert (view.mode, view.is_degraded) == (AnswerMode.GENERATED, False)
    assert outcomes(view) == ["openai:m0 model_unavailable", "openai:m1 answered"]
    assert [len(model.requests) for model in world.models] == [1, 1]
    assert TokenKind.RESET not in [kind for kind, _ in world.said(view.question_id)]


@pytest.mark.parametrize(
    ("error", "reason", "asked"),
    [
        (ModelUnavailable(asked_delay=0.01), DegradedReason.PROVIDER_DOWN, [1, 3]),
        (ModelRateLimited(asked_delay=0.01), DegradedReason.PROVIDER_DOWN, [1, 3]),
        (ModelRateLimited(asked_delay=60), DegradedReason.PROVIDER_DOWN, [1, 1]),
        (ModelContextOverflow(), DegradedReason.PROVIDER_DOWN, [1, 3]),
        (ModelMisconfigured(), DegradedReason.PROVIDER_MISCONFIGURED, [1, 0]),
        (ModelBudget(), DegradedReason.PROVIDER_BUDGET, [1, 0]),
        (Says("I will not.", REFUSAL), DegradedReason.PROVIDER_REFUSED, [1, 0]),
    ],
    ids=lambda given: type(given).__name__ if isinstance(given, LetheError) else None,
)
async def test_below_all_models_the_passages_answer_and_say_why(
    world: World, error: LetheError | Says, reason: DegradedReason, asked: list[int]
) -> None:
    """Attempts are counted at the models: what is configured and no more."""
    world = world.chain([error], [error])
    view = await world.answered()
    assert (view.mode, view.text) == (AnswerMode.EXTRACTIVE, f"{HEIGHT} [1]")
    assert view.degraded_reasons == (reason,)
    assert [len(model.requests) for model in world.models] == asked
    assert len(outcomes(view)) == sum(asked)


async def test_the_last_model_may_recover_within_the_time(world: World) -> None:
    world = world.chain([ModelRateLimited(asked_delay=0.01), ModelUnavailable(asked_delay=0.01), ANSWER])
    view = await world.answered()
    assert (view.mode, view.is_degraded) == (AnswerMode.GENERATED, False)
    assert outcomes(view) == ["openai:m0 model_rate_limited", "openai:m0 model_unavailable", "openai:m0 answered"]


async def test_a_context_that_is_too_long_is_halved_for_a_model_that_takes_no_more(world: World) -> None:
    for number in range(12):
        await world.corpus.plant(
            f"Report {number} on the lighthouse of Varnholm: tall as ever, painted in {1900 + number}."
        )
    world = world.chain([ModelContextOverflow()], [ANSWER], context_tokens=200)
    view = await world.answered()
    assert view.mode is AnswerMode.GENERATED
    first, second = (model.requests[0].user for model in world.models)
    assert len(second) < len(first)
    assert HEIGHT in second


async def test_a_hanging_model_costs_its_turn_and_no_more(world: World) -> None:
    """No other limit would end it."""
    world = world.chain([HANG], first_token_seconds=3_600.0)
    async with asyncio.timeout(60):
        view = await world.answered(seconds=1.0)
    assert (view.mode, view.degraded_reasons) == (AnswerMode.EXTRACTIVE, (DegradedReason.PROVIDER_DOWN,))
    # It may have arrived: at most what it can have cost counts.
    assert await world.calls(view.question_id) == [("m0", SENT, 100)]
    assert view.provenance is not None
    assert view.provenance.costs_micros["llm"] == 100
