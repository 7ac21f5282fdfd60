"""Language models of outside providers that talk to the stand-in."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from lethe.adapters.breakers import make_breakers
from lethe.adapters.clock import SystemClock
from lethe.adapters.llm import open_chat_models
from lethe.adapters.sql import SqlLedger
from lethe.ports.chat import ChatModel
from lethe.privacy.processors import ProcessorLedger
from lethe.settings import (
    AnsweringSettings,
    AnthropicSettings,
    AzureSettings,
    BreakerSettings,
    ChainEntry,
    CohereSettings,
    OpenAiSettings,
    Settings,
)
from tests.servers.chat_provider import ChatProvider, Vendor

MODEL = "stand-in-1"
PATIENT = {"first_token_seconds": 60.0, "idle_seconds": 60.0, "call_seconds": 60.0}
"""Limits that no machine is too slow for."""
UNBREAKABLE = BreakerSettings(failures=10_000, ratio_calls=10_000)


def chat_settings(vendor: Vendor, stand_in: ChatProvider, base: Settings, **limits: Any) -> Settings:
    """Settings whose chain is one model of the vendor, at the stand-in."""
    section: Any = {
        Vendor.OPENAI: OpenAiSettings(base_url=f"{stand_in.url}/v1"),
        Vendor.AZURE: AzureSettings(base_url=stand_in.url),
        Vendor.COHERE: CohereSettings(base_url=stand_in.url),
        Vendor.ANTHROPIC: AnthropicSettings(base_url=stand_in.url),
    }[vendor]
    keyed = section.model_validate({**section.model_dump(), "api_key": stand_in.key, "region": "eu"})
    entry = ChainEntry.model_validate(f"{vendor}:{MODEL}")
    return base.model_copy(
        update={
            vendor.value: keyed,
            "answering": AnsweringSettings.model_validate({"chain": (entry,), **PATIENT, **limits}),
            "breakers": UNBREAKABLE,
        }
    )


@asynccontextmanager
async def chat_model(settings: Settings, ledger: SqlLedger) -> AsyncGenerator[ChatModel]:
    """The first model of the chain."""
    clock = SystemClock()
    calls = ProcessorLedger(ledger, clock, settings.answering)
    async with open_chat_models(settings, calls, make_breakers(settings, None, clock)) as models:
        yield models[0][1]
