"""Our clients against aimock, another mock of the vendors by others."""

from collections.abc import AsyncGenerator, Generator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from lethe.adapters.sql import SqlLedger
from lethe.errors import LetheError, ModelMisconfigured, ModelRateLimited, ModelUnavailable
from lethe.model.ids import new_id
from lethe.model.processors import Origin
from lethe.ports.chat import STOP, ChatDelta, ChatModel, ChatRequest
from migrations import upgrade
from tests.conftest import settings_at
from tests.contract.chat_providers import chat_model, chat_settings
from tests.contract.ledger_rows import add_tenant
from tests.servers.aimock import AiMock, running_aimock
from tests.servers.chat_provider import ChatProvider, Vendor

pytestmark = pytest.mark.asyncio(loop_scope="module")

ANSWER = "The heron stands in the river für 日本 and waits for fish."
FIXTURES = [
    {"match": {"userMessage": "whole"}, "response": {"content": ANSWER}, "chunkSize": 5},
    {"match": {"userMessage": "half"}, "response": {"content": ANSWER}, "chunkSize": 5, "truncateAfterChunks": 4},
    {
        "match": {"userMessage": "limited"},
        "response": {"error": {"message": "slow down", "type": "rate_limit_error"}, "status": 429},
    },
    {
        "match": {"userMessage": "refused"},
        "response": {"error": {"message": "no", "type": "invalid_request_error"}, "status": 400},
    },
    {"match": {"userMessage": "cut"}, "response": {"content": ANSWER}, "chaos": {"disconnectRate": 1}},
    {"match": {"userMessage": "nonsense"}, "response": {"content": ANSWER}, "chaos": {"malformedRate": 1}},
]


class Address(ChatProvider):
    """aimock, where settings expect the stand-in."""

    def __init__(self, mock: AiMock) -> None:
        super().__init__()
        self.port = int(mock.url.rpartition(":")[2])


@pytest.fixture(scope="module")
def mock() -> Generator[AiMock]:
    with running_aimock(FIXTURES) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ledger(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[SqlLedger]:
    state: Path = tmp_path_factory.mktemp("aimock") / "state"
    settings = settings_at(state)
    await upgrade(settings)
    opened = SqlLedger.from_settings(settings)
    yield opened
    await opened.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=[Vendor.OPENAI, Vendor.COHERE, Vendor.ANTHROPIC])
async def model(request: pytest.FixtureRequest, mock: AiMock, ledger: SqlLedger) -> AsyncGenerator[ChatModel]:
    settings = chat_settings(request.param, Address(mock), settings_at(Path("unused")))
    async with chat_model(settings, ledger) as opened:
        yield opened


@pytest.fixture(autouse=True)
def _forgotten(mock: AiMock) -> None:
    mock.reset()


async def asked(model: ChatModel, ledger: SqlLedger, question: str) -> list[ChatDelta]:
    origin = Origin(await add_tenant(ledger), frozenset({new_id()}))
    return [delta async for delta in model.stream(replace(ChatRequest("Answer.", question), origin=origin))]


async def test_an_answer_is_read_whole(model: ChatModel, ledger: SqlLedger):
    *pieces, last = await asked(model, ledger, "whole")
    assert "".join(piece.text for piece in pieces) == ANSWER
    assert last.finish_reason == STOP
    assert last.tokens_out > 0


@pytest.mark.parametrize(
    ("question", "error"),
    [
        ("half", ModelUnavailable),
        ("limited", ModelRateLimited),
        ("refused", ModelMisconfigured),
        ("cut", ModelUnavailable),
        ("nonsense", ModelUnavailable),
    ],
)
async def test_a_fault_has_its_error_and_is_one_attempt(
    model: ChatModel, mock: AiMock, ledger: SqlLedger, question: str, error: type[LetheError]
):
    with pytest.raises(LetheError) as caught:
        await asked(model, ledger, question)
    assert type(caught.value) is error
    assert len(mock.requests()) == 1
