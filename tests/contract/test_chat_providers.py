"""Language models of outside providers against the stand-in: whatever it does, a full answer or the right error."""

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from lethe.adapters.clock import SystemClock
from lethe.adapters.sql import SqlLedger
from lethe.errors import (
    BreakerOpen,
    ConfigurationError,
    LetheError,
    ModelUnavailable,
    ProviderNotAllowed,
)
from lethe.model.ids import new_id
from lethe.model.processors import Origin, PolicyChange
from lethe.ports.chat import ChatDelta, ChatModel, ChatRequest
from lethe.settings import BreakerSettings, OutsideProvider, Settings
from migrations import upgrade
from tests.conftest import settings_at
from tests.contract.chat_expectations import EXPECTED, Fails, assert_answered, assert_failed, expected
from tests.contract.chat_providers import MODEL, chat_model, chat_settings
from tests.contract.ledger_rows import add_tenant
from tests.servers.chat_provider import BEHAVIOURS, FINGERPRINT, ChatProvider, Vendor, running_chat_provider

pytestmark = pytest.mark.asyncio(loop_scope="module")

VENDORS = (Vendor.OPENAI, Vendor.COHERE, Vendor.ANTHROPIC)
REQUEST = ChatRequest(system="Answer.", user="Who stands?", max_tokens=50)
SLOWEST = 20.0
"""Seconds any answer or error may take on a machine that does five other things; the stand-in hangs for sixty."""


class Provider:
    """The stand-in, a ledger, and a model for each vendor and set of limits, made once."""

    def __init__(self, stand_in: ChatProvider, settings: Settings, ledger: SqlLedger, stack: AsyncExitStack) -> None:
        self.stand_in = stand_in
        self.settings = settings
        self.ledger = ledger
        self._stack = stack
        self._models: dict[tuple[Vendor, tuple[tuple[str, float], ...]], ChatModel] = {}

    async def model(self, vendor: Vendor, **limits: float) -> ChatModel:
        key = (vendor, tuple(sorted(limits.items())))
        if key not in self._models:
            settings = chat_settings(vendor, self.stand_in, self.settings, **limits)
            self._models[key] = await self._stack.enter_async_context(chat_model(settings, self.ledger))
        return self._models[key]

    async def ask(self, model: ChatModel, **changed: Any) -> tuple[list[ChatDelta], LetheError | None, Origin]:
        """What came, the error that ended it, and on whose behalf it was."""
        origin = Origin(await add_tenant(self.ledger), frozenset({new_id()}))
        request = replace(REQUEST, origin=origin, **changed)
        deltas: list[ChatDelta] = []
        try:
            async with asyncio.timeout(SLOWEST):
                # Not a comprehension: what came before an error counts.
                async for delta in model.stream(request):
                    deltas.append(delta)  # noqa: PERF401
        except LetheError as error:
            return deltas, error, origin
        return deltas, None, origin


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def provider(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Provider]:
    state: Path = tmp_path_factory.mktemp("chat") / "state"
    settings = settings_at(state)
    await upgrade(settings)
    ledger = SqlLedger.from_settings(settings)
    async with AsyncExitStack() as stack, running_chat_provider() as stand_in, stack:
        yield Provider(stand_in, settings, ledger, stack)
    await ledger.close()


@pytest.fixture(autouse=True)
def _forgotten(provider: Provider) -> None:
    provider.stand_in.forget()


async def test_every_behaviour_has_its_expectation(record_property: Callable[[str, object], None]) -> None:
    assert set(EXPECTED) == set(BEHAVIOURS)
    record_property("scripted behaviours of language models", f"{len(EXPECTED)} x {len(VENDORS)} vendors")


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("name", list(EXPECTED))
async def test_whatever_it_does_there_is_a_full_answer_or_the_right_error(
    provider: Provider, vendor: Vendor, name: str
):
    wanted = expected(vendor, name)
    model = await provider.model(vendor, **(wanted.limits if isinstance(wanted, Fails) else {}))
    provider.stand_in.will(name)
    started = time.monotonic()
    deltas, error, origin = await provider.ask(model)
    assert time.monotonic() - started < SLOWEST
    # P12: one call is one attempt, whatever comes of it.
    assert [seen.did for seen in provider.stand_in.seen] == [name]
    async with provider.ledger.read() as uow:
        (call,) = await uow.processor_calls.about(origin.tenant_id, *origin.refs)
    if isinstance(wanted, Fails):
        assert error is not None, deltas
        assert_failed(error, wanted, deltas)
        assert call.status == error.code
    else:
        assert error is None
        assert_answered(deltas, wanted)
        assert call.status == "answered"
        assert (call.tokens, call.tokens_out) == (deltas[-1].tokens_in, deltas[-1].tokens_out)
        assert call.is_estimated == deltas[-1].is_estimated


@pytest.mark.parametrize("name", ["ok", "rate_limited_for_seconds", "filtered_question", "unauthorized"])
async def test_azure_speaks_to_its_deployment(provider: Provider, name: str):
    provider.stand_in.will(name)
    deltas, error, _ = await provider.ask(await provider.model(Vendor.AZURE))
    wanted = EXPECTED[name]
    if isinstance(wanted, Fails):
        assert error is not None
        assert_failed(error, wanted, deltas)
    else:
        assert_answered(deltas, wanted)
    (seen,) = provider.stand_in.seen
    assert seen.path.startswith(f"/openai/deployments/{MODEL}/chat/completions?api-version=")


@pytest.mark.parametrize("vendor", VENDORS)
async def test_what_is_asked_arrives_as_it_is(provider: Provider, vendor: Vendor):
    model = await provider.model(vendor)
    deltas, _, _ = await provider.ask(model, system="Sé breve.", user="¿Qué? «日本»", max_tokens=9)
    (seen,) = provider.stand_in.seen
    messages = [(message["role"], message["content"]) for message in seen.body["messages"]]
    system = [("system", "Sé breve.")] if vendor is not Vendor.ANTHROPIC else []
    assert messages == [*system, ("user", "¿Qué? «日本»")]
    assert seen.body.get("system", "Sé breve.") == "Sé breve."
    assert (seen.body["max_tokens"], seen.body["stream"], seen.body["model"]) == (9, True, MODEL)
    assert deltas[-1].fingerprint == (FINGERPRINT if vendor is Vendor.OPENAI else "")


@pytest.mark.parametrize("vendor", VENDORS)
async def test_answers_in_a_row_use_one_connection(provider: Provider, vendor: Vendor):
    model = await provider.model(vendor)
    await provider.ask(model)
    before = provider.stand_in.connections
    for _ in range(3):
        await provider.ask(model)
    assert provider.stand_in.connections == before


async def test_a_reader_who_leaves_ends_the_call_and_its_record_says_sent(provider: Provider):
    provider.stand_in.will("hang_mid_stream")
    origin = Origin(await add_tenant(provider.ledger), frozenset({new_id()}))
    model = await provider.model(Vendor.OPENAI)
    stream = model.stream(replace(REQUEST, origin=origin))
    async with asyncio.timeout(SLOWEST), aclosing(stream):
        assert (await anext(stream)).text == "The "
    async with provider.ledger.read() as uow:
        (call,) = await uow.processor_calls.about(origin.tenant_id, *origin.refs)
    assert (call.status, call.tokens_out, call.is_estimated) == ("sent", REQUEST.max_tokens, True)


async def test_nothing_is_sent_that_the_tenant_does_not_allow_or_nobody_asked_for(provider: Provider):
    model = await provider.model(Vendor.OPENAI)
    with pytest.raises(ValueError, match="behalf"):
        await anext(model.stream(REQUEST))
    tenant_id = await add_tenant(provider.ledger)
    policy = PolicyChange(tenant_id, new_id(), new_id(), ("cohere",), SystemClock().now())
    async with provider.ledger.write() as uow:
        await uow.processor_policies.put(policy)
    with pytest.raises(ProviderNotAllowed):
        await anext(model.stream(replace(REQUEST, origin=Origin(tenant_id, frozenset({new_id()})))))
    assert provider.stand_in.seen == []


@pytest.mark.parametrize(
    ("vendor", "changed", "needed"),
    [
        (Vendor.OPENAI, {"api_key": "", "base_url": ""}, "openai.api_key"),
        (Vendor.AZURE, {"api_key": ""}, "azure.api_key"),
        (Vendor.AZURE, {"base_url": ""}, "azure.base_url"),
        (Vendor.COHERE, {"api_key": "", "base_url": ""}, "cohere.api_key"),
        (Vendor.ANTHROPIC, {"api_key": "", "base_url": ""}, "anthropic.api_key"),
    ],
)
async def test_a_model_without_what_it_needs_is_a_mistake_in_the_settings(
    provider: Provider, vendor: Vendor, changed: dict[str, str], needed: str
):
    settings = chat_settings(vendor, provider.stand_in, provider.settings)
    section = settings.vendors[OutsideProvider(vendor)]
    spoilt = section.model_validate({**section.model_dump(), **changed})
    with pytest.raises(ConfigurationError, match=needed):
        async with chat_model(settings.model_copy(update={vendor.value: spoilt}), provider.ledger):
            pass


async def test_without_the_extra_anthropic_is_a_mistake_in_the_settings(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
):
    settings = chat_settings(Vendor.ANTHROPIC, provider.stand_in, provider.settings)
    monkeypatch.setitem(sys.modules, "anthropic", None)
    monkeypatch.delitem(sys.modules, "lethe.adapters.llm.anthropic", raising=False)
    with pytest.raises(ConfigurationError, match=r"lethe\[anthropic\]"):
        async with chat_model(settings, provider.ledger):
            pass


async def test_a_provider_that_keeps_failing_is_left_alone(provider: Provider):
    settings = chat_settings(Vendor.OPENAI, provider.stand_in, provider.settings)
    settings = settings.model_copy(update={"breakers": BreakerSettings()})
    provider.stand_in.will(then="server_error")
    async with chat_model(settings, provider.ledger) as model:
        for _ in range(5):
            _, error, _ = await provider.ask(model)
            assert type(error) is ModelUnavailable
        _, error, origin = await provider.ask(model)
    assert isinstance(error, BreakerOpen)
    assert len(provider.stand_in.seen) == 5
    async with provider.ledger.read() as uow:
        assert await uow.processor_calls.about(origin.tenant_id, *origin.refs) == []
