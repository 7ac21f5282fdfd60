"""Our clients against llmock, a mock of the vendors by others, which judges how a client bears its faults."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from llmock.scenarios import Fail, StreamFault
from llmock.testing import LLMockServer
from llmock.verdict import judge
from pydantic import SecretStr

from lethe.adapters.sql import SqlLedger
from lethe.errors import LetheError, ModelMisconfigured, ModelRateLimited, ModelUnavailable
from lethe.model.ids import new_id
from lethe.model.processors import Origin
from lethe.ports.chat import STOP, ChatDelta, ChatModel, ChatRequest
from lethe.settings import AnsweringSettings, AnthropicSettings, ChainEntry, CohereSettings, OpenAiSettings, Settings
from migrations import upgrade
from tests.conftest import settings_at
from tests.contract.chat_providers import PATIENT, UNBREAKABLE, chat_model
from tests.contract.ledger_rows import add_tenant
from tests.servers.chat_provider import Vendor

pytestmark = pytest.mark.asyncio(loop_scope="module")

SECTIONS = {Vendor.OPENAI: OpenAiSettings, Vendor.COHERE: CohereSettings, Vendor.ANTHROPIC: AnthropicSettings}
ATTEMPTS = 3


@pytest.fixture(scope="module")
def server() -> Generator[LLMockServer]:
    with LLMockServer() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ledger(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[SqlLedger]:
    state: Path = tmp_path_factory.mktemp("llmock") / "state"
    settings = settings_at(state)
    await upgrade(settings)
    opened = SqlLedger.from_settings(settings)
    yield opened
    await opened.close()


def at_llmock(vendor: Vendor, server: LLMockServer) -> Settings:
    section = SECTIONS[vendor](base_url=server.base_url(vendor.value), api_key=SecretStr("any"))
    entry = ChainEntry.model_validate(f"{vendor}:mock-model")
    answering = AnsweringSettings.model_validate({"chain": (entry,), **PATIENT})
    return settings_at(Path("unused")).model_copy(
        update={vendor.value: section, "answering": answering, "breakers": UNBREAKABLE}
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=list(SECTIONS))
async def model(request: pytest.FixtureRequest, server: LLMockServer, ledger: SqlLedger) -> AsyncGenerator[ChatModel]:
    async with chat_model(at_llmock(request.param, server), ledger) as opened:
        yield opened


@pytest.fixture(autouse=True)
def _forgotten(server: LLMockServer) -> None:
    server.state.reset()


async def asked(model: ChatModel, ledger: SqlLedger, attempts: int = 1) -> list[ChatDelta]:
    """As a step asks: again after the delay that was asked for, or a growing one, while an answer may come."""
    origin = Origin(await add_tenant(ledger), frozenset({new_id()}))
    request = replace(ChatRequest("Answer.", f"Who stands in the river, {origin.tenant_id}?"), origin=origin)
    for attempt in range(attempts):
        try:
            return [delta async for delta in model.stream(request)]
        except ModelUnavailable as error:
            if attempt == attempts - 1:
                raise
            await asyncio.sleep(error.asked_delay or 0.2 * 3**attempt)
    raise AssertionError


async def test_an_answer_is_read_whole(model: ChatModel, server: LLMockServer, ledger: SqlLedger):
    *pieces, last = await asked(model, ledger)
    assert len("".join(piece.text for piece in pieces)) > 10
    assert last.finish_reason == STOP
    assert (last.is_estimated, last.tokens_in > 0, last.tokens_out > 0) == (False, True, True)
    judge(server.state.journal.records()).assert_ok(strict=True)


@pytest.mark.parametrize(
    "fault",
    [Fail(429, retry_after=1, times=2), Fail(500), Fail(503, times=2), StreamFault("disconnect", after_chunks=2)],
    ids=lambda fault: str(getattr(fault, "status", "disconnect")),
)
async def test_attempts_a_step_makes_are_judged_well(
    model: ChatModel,
    server: LLMockServer,
    ledger: SqlLedger,
    fault: Fail | StreamFault,
    record_property: Callable[[str, object], None],
):
    server.state.scenarios.add(fault)
    assert (await asked(model, ledger, ATTEMPTS))[-1].finish_reason == STOP
    verdict = judge(server.state.journal.records())
    verdict.assert_ok(strict=True)
    record_property(f"llmock's verdict on {model.provider}", f"{verdict.attempts} attempts, no finding")


@pytest.mark.parametrize(
    ("status", "error"), [(429, ModelRateLimited), (529, ModelUnavailable), (401, ModelMisconfigured)]
)
async def test_one_call_is_one_attempt(
    model: ChatModel, server: LLMockServer, ledger: SqlLedger, status: int, error: type[LetheError]
):
    server.state.scenarios.add(Fail(status, times=None))
    with pytest.raises(error):
        await asked(model, ledger)
    assert len(list(server.state.journal.records())) == 1


@pytest.mark.parametrize("kind", ["truncate", "malformed", "disconnect"])
async def test_a_stream_that_breaks_is_no_answer(model: ChatModel, server: LLMockServer, ledger: SqlLedger, kind: str):
    server.state.scenarios.add(StreamFault(kind, after_chunks=4))  # pyright: ignore[reportArgumentType]
    with pytest.raises(ModelUnavailable):
        await asked(model, ledger)
    assert len(list(server.state.journal.records())) == 1
