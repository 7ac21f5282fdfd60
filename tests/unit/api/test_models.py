"""`GET /v1/models`: the chain in its order, what is left alone, what it costs."""

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from lethe.errors import ModelUnavailable
from lethe.ports.breakers import chat_breaker
from lethe.settings import AnsweringSettings, ChainEntry, OutsideProvider, Settings
from tests.unit.api.world import World, open_world

CHAIN = (
    ChainEntry(provider=OutsideProvider.OPENAI, model="gpt-4o-mini"),
    ChainEntry(provider=OutsideProvider.COHERE, model="of-our-own", context_tokens=4_000),
)


@pytest_asyncio.fixture
async def chained(api_settings: Settings) -> AsyncGenerator[World]:
    settings = api_settings.model_copy(update={"answering": AnsweringSettings(chain=CHAIN)})
    async with open_world(settings) as world:
        yield world


async def test_the_chain_is_told_in_its_order_with_prices(chained: World) -> None:
    told = (await chained.get("/v1/models", chained.reader)).json()
    assert [(each["provider"], each["model"], each["context_tokens"]) for each in told["chain"]] == [
        ("openai", "gpt-4o-mini", 128_000),
        ("cohere", "of-our-own", 4_000),
    ]
    assert [each["price"]["input_micros"] for each in told["chain"]] == [150_000, 0]
    assert told["currency"] == "USD"
    assert {"openai:gpt-4o", "cohere:rerank-v3.5"} <= {price["name"] for price in told["prices"]}
    assert told["prompt"]
    assert told["embedding_spec"]


async def test_a_model_that_failed_again_and_again_is_shown_to_be_left_alone(chained: World) -> None:
    name = chat_breaker("openai", "gpt-4o-mini")
    for _ in range(chained.services.settings.breakers.failures):
        with pytest.raises(ModelUnavailable):
            async with chained.services.breakers.call(name):
                raise ModelUnavailable
    told = (await chained.get("/v1/models")).json()
    first, second = (each["breaker"] for each in told["chain"])
    assert first["phase"] == "open"
    assert first["retry_after"] > 0
    assert second == {"phase": "closed", "retry_after": 0.0}
    assert told["breakers"][name] == first


async def test_a_model_the_tenant_does_not_allow_is_shown_to_be(chained: World) -> None:
    assert (
        await chained.client.put(
            "/v1/tenant/processors", headers={"X-API-Key": chained.admin}, json={"allowed": ["cohere"]}
        )
    ).status_code == 200
    told = (await chained.get("/v1/models")).json()
    assert [each["is_allowed"] for each in told["chain"]] == [False, True]


async def test_without_a_model_there_is_no_chain(world: World) -> None:
    assert (await world.get("/v1/models")).json()["chain"] == []
