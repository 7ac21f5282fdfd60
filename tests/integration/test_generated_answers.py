"""Answers by language models through the real API, Temporal, Weaviate and SQL; a stand-in speaks for the models."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from activities.answering import DRAFTED
from lethe.model.ids import Id
from lethe.model.workflow_ids import question_id
from lethe.settings import WeaviateSettings
from tests.conftest import settings_at
from tests.integration.installation import FAILPOINT_EXIT, Installation, installation
from tests.integration.test_api_process import ApiProcess, api
from tests.servers.chat_provider import ANSWER, ChatProvider, running_chat_provider
from tests.servers.chat_provider.protocols import TOKENS_IN, TOKENS_OUT

pytestmark = pytest.mark.asyncio(loop_scope="module")

ASK = {"question": "Where does the heron stand?"}
TEXT = f"# Birds\n\n{ANSWER} The wader walks along the shore.\n".encode()
PRICES = [{"name": "openai:one", "output_micros": 1_000_000}, {"name": "cohere:two", "output_micros": 1_000_000}]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def models() -> AsyncGenerator[ChatProvider]:
    async with running_chat_provider() as provider:
        yield provider


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(
    temporal_address: str, weaviate: WeaviateSettings, tmp_path_factory: pytest.TempPathFactory, models: ChatProvider
) -> AsyncGenerator[Installation]:
    """With one document ingested."""
    state: Path = tmp_path_factory.mktemp("generated")
    async with installation(settings_at(state), temporal_address, weaviate) as made:
        async with made.worker():
            receipt = await made.ingest(TEXT.decode())
            assert (await made.ended(receipt.document_id)).status == "ready"
        yield made


@pytest.fixture(autouse=True)
def _behaves(models: ChatProvider) -> None:  # pyright: ignore[reportUnusedFunction]
    models.forget()


def chain(models: ChatProvider, **more: str) -> dict[str, str]:
    """The environment of an API that asks one model of OpenAI's kind and then one of Cohere's."""
    return {
        "LETHE_ANSWERING__CHAIN": json.dumps(["openai:one", "cohere:two"]),
        "LETHE_ANSWERING__PRICES": json.dumps(PRICES),
        "LETHE_OPENAI__BASE_URL": f"{models.url}/v1",
        "LETHE_OPENAI__API_KEY": models.key,
        "LETHE_COHERE__BASE_URL": models.url,
        "LETHE_COHERE__API_KEY": models.key,
        "LETHE_CACHING__ANSWERS": "false",
        **more,
    }


async def asked(lethe: ApiProcess) -> dict[str, Any]:
    response = await lethe.client.post("/v1/query", json=ASK)
    assert response.status_code == 200, response.text
    return response.json()


async def test_answers_fallback_and_costs_end_to_end(house: Installation, models: ChatProvider) -> None:
    async with api(house.settings, **chain(models)) as lethe:
        answer = await asked(lethe)
        assert (answer["answer_mode"], answer["is_degraded"]) == ("generated", False)
        assert answer["answer"].startswith("The heron stands")
        assert answer["citations"][0]["text"]
        told = answer["provenance"]
        assert (told["provider"], told["tokens_in"], told["tokens_out"]) == ("openai", TOKENS_IN, TOKENS_OUT)
        assert told["attempts"] == ["openai:one answered"]
        assert told["costs_micros"] == {
            "embedding": 0,
            "search": 0,
            "rerank": 0,
            "llm": TOKENS_OUT,
            "total": TOKENS_OUT,
        }

        models.forget()
        models.will("server_error")
        second = await asked(lethe)
        assert (second["answer_mode"], second["is_degraded"]) == ("generated", False)
        assert second["provenance"]["attempts"] == ["openai:one model_unavailable", "cohere:two answered"]
        assert [seen.vendor for seen in models.seen] == ["openai", "cohere"]

        models.forget()
        models.will(then="unauthorized")
        third = await asked(lethe)
        assert (third["answer_mode"], third["degraded_reasons"]) == ("extractive", ["provider_misconfigured"])
        assert len(models.seen) == 1

        usage = (await lethe.client.get("/v1/usage")).json()["items"]
        by_model = {row["model"]: (row["calls"], row["cost_micros"]) for row in usage if row["operation"] == "generate"}
        assert by_model == {"one": (3, TOKENS_OUT), "two": (1, TOKENS_OUT)}
        assert {row["principal_id"] is None for row in usage} == {False}


async def test_a_worker_that_dies_with_the_draft_stored_costs_no_second_call(
    house: Installation, models: ChatProvider
) -> None:
    """Of two API processes whichever has the turn dies with its draft stored, once; the other finishes it."""
    latch = house.settings.state / "draft.latch"
    deadly = {"LETHE_TESTING__FAILPOINT": DRAFTED, "LETHE_TESTING__FAILPOINT_LATCH": str(latch)}
    before = await _questions(house)
    async with AsyncExitStack() as stack:
        both = [await stack.enter_async_context(api(house.settings, **chain(models, **deadly))) for _ in range(2)]
        with suppress(httpx.TransportError):  # if it is the one that was asked
            await asked(both[0])
        (question,) = await _questions(house) - before
        handle = house.client.get_workflow_handle(question_id(house.caller.tenant_id, question))
        async with asyncio.timeout(120):
            await handle.result()
        alive = next(each for each in both if each.process.poll() is None)
        view = (await alive.client.get(f"/v1/queries/{question}")).json()
        assert [each.process.poll() for each in both].count(FAILPOINT_EXIT) == 1
    assert (view["answer_mode"], view["provenance"]["cost_micros"]) == ("generated", TOKENS_OUT)
    assert not view["provenance"]["is_regenerated"]
    assert len(models.seen) == 1


async def _questions(house: Installation) -> set[Id]:
    async with house.ledger.read() as uow:
        return {each.id for each in await uow.questions.newest(house.caller.tenant_id, 100)}


async def test_an_unknown_prompt_is_refused_at_start(house: Installation, models: ChatProvider) -> None:
    with pytest.raises(AssertionError, match="no prompt 'answer-v99'"):
        async with api(house.settings, **chain(models, LETHE_ANSWERING__PROMPT="answer-v99")):
            pass
