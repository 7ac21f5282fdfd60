"""Turns of models at the wire: how often each is asked is counted where the calls arrive."""

from dataclasses import replace

import pytest
from pydantic import SecretStr

from lethe.adapters.breakers import make_breakers
from lethe.adapters.llm import open_chat_models
from lethe.answering.chain import make_chain
from lethe.model.answers import AnswerMode, DegradedReason
from lethe.privacy.processors import ProcessorLedger
from lethe.settings import AnsweringSettings, CohereSettings, OpenAiSettings, Settings
from tests.servers.chat_provider import running_chat_provider
from tests.unit.answering.model_world import World, open_world


@pytest.mark.parametrize(
    ("behaviour", "asked", "reason"),
    [
        ("unavailable", ["openai", "cohere", "cohere", "cohere"], DegradedReason.PROVIDER_DOWN),
        ("unauthorized", ["openai"], DegradedReason.PROVIDER_MISCONFIGURED),
        ("out_of_quota", ["openai"], DegradedReason.PROVIDER_BUDGET),
    ],
)
async def test_a_model_is_asked_as_often_as_is_configured(
    sqlite_settings: Settings, behaviour: str, asked: list[str], reason: DegradedReason
) -> None:
    async with running_chat_provider() as stand_in, open_world(sqlite_settings) as world:
        stand_in.will(then=behaviour)
        key = SecretStr(stand_in.key)
        settings = sqlite_settings.model_copy(
            update={
                "openai": OpenAiSettings(base_url=f"{stand_in.url}/v1", api_key=key),
                "cohere": CohereSettings(base_url=stand_in.url, api_key=key),
                "answering": AnsweringSettings.model_validate({"chain": ("openai:one", "cohere:two")}),
            }
        )
        clock = world.deps.clock
        breakers = make_breakers(settings, None, clock)
        calls = ProcessorLedger(world.deps.ledger, clock, settings.answering)
        async with open_chat_models(settings, calls, breakers) as models:
            chain = make_chain(settings, models, breakers, None)
            wired = World(world.corpus, replace(world.deps, chain=chain), world.caller)
            view = await wired.answered(seconds=60)
        assert [seen.vendor for seen in stand_in.seen] == asked
        assert (view.mode, view.degraded_reasons) == (AnswerMode.EXTRACTIVE, (reason,))
        assert view.provenance is not None
        assert len(view.provenance.attempts) == len(asked)
