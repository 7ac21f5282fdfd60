"""The contract of the chat model on the scripted one, and on every vendor's at the stand-in."""

from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest
import pytest_asyncio

from lethe.adapters.fakes.chat import ScriptedChatModel
from lethe.adapters.sql import SqlLedger
from lethe.errors import ModelUnavailable
from lethe.model.ids import new_id
from lethe.model.processors import Origin
from lethe.ports.chat import ChatDelta, ChatModel, ChatRequest
from lethe.settings import Settings
from tests.contract.chat import REQUEST, ChatModelContract, said
from tests.contract.chat_providers import chat_model, chat_settings
from tests.contract.ledger_rows import add_tenant
from tests.servers.chat_provider import Vendor, running_chat_provider


class TestScriptedChatModel(ChatModelContract):
    @pytest.fixture
    def model(self) -> ScriptedChatModel:
        return ScriptedChatModel(["The sky is blue."])

    async def test_it_follows_its_script_and_repeats_the_last_line(self) -> None:
        model = ScriptedChatModel(["first", ModelUnavailable(), "last"])
        assert "".join(delta.text for delta in await said(model)) == "first"
        with pytest.raises(ModelUnavailable):
            await said(model)
        for _ in range(2):
            assert "".join(delta.text for delta in await said(model)) == "last"
        assert model.requests == [REQUEST] * 4

    def test_a_script_needs_a_line(self) -> None:
        with pytest.raises(ValueError, match="script"):
            ScriptedChatModel([])


class OnBehalf:
    """A ChatModel whose every request has the same origin."""

    def __init__(self, inner: ChatModel, origin: Origin) -> None:
        self._inner = inner
        self._origin = origin

    @property
    def provider(self) -> str:
        return self._inner.provider

    @property
    def model(self) -> str:
        return self._inner.model

    def stream(self, request: ChatRequest) -> AsyncGenerator[ChatDelta]:
        return self._inner.stream(replace(request, origin=self._origin))


@pytest_asyncio.fixture(params=list(Vendor))
async def remote(request: pytest.FixtureRequest, sqlite_settings: Settings) -> AsyncGenerator[ChatModel]:
    ledger = SqlLedger.from_settings(sqlite_settings)
    async with running_chat_provider() as stand_in:
        settings = chat_settings(request.param, stand_in, sqlite_settings)
        async with chat_model(settings, ledger) as model:
            yield OnBehalf(model, Origin(await add_tenant(ledger), frozenset({new_id()})))
    await ledger.close()


class TestRemoteChatModel(ChatModelContract):
    @pytest.fixture
    def model(self, remote: ChatModel) -> ChatModel:
        return remote
