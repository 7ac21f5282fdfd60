"""Every provider's adapter, over its own SDK, against a stand-in at the wire that misbehaves on script."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any

import numpy as np
import pytest

from lethe.errors import (
    ConfigurationError,
    EmbedderRefused,
    EmbedderUnavailable,
    EmbeddingInvalid,
    FailureClass,
    LetheError,
)
from lethe.ports.embedding import Embedder, InputKind
from lethe.privacy.processors import EmbedderFor
from lethe.settings import EmbeddingProvider, Settings
from tests.contract.embedder import EmbedderContract
from tests.contract.providers import PROVIDERS, remote_embedder
from tests.servers.embedding_provider import Behaviour, Kind, running_provider
from tests.servers.embedding_provider import EmbeddingProvider as StandIn

TEXTS = ["The lift of a wing.", "Bread is made of flour.", "An epoch has 86,400 seconds."]


@pytest.fixture
async def stand_in() -> AsyncGenerator[StandIn]:
    async with running_provider() as provider:
        yield provider


@pytest.fixture(params=PROVIDERS)
def provider(request: pytest.FixtureRequest) -> EmbeddingProvider:
    return request.param


Opener = Callable[..., AbstractAsyncContextManager[EmbedderFor]]


@pytest.fixture
def asking(sqlite_settings: Settings) -> Opener:
    """remote_embedder over a ledger of the test's own."""
    return partial(remote_embedder, base=sqlite_settings)


@pytest.fixture
async def embedder(provider: EmbeddingProvider, stand_in: StandIn, asking: Opener) -> AsyncGenerator[EmbedderFor]:
    async with asking(provider, stand_in) as embedder:
        yield embedder


class TestProviders(EmbedderContract): ...


async def failed(embedder: Embedder, texts: list[str] = TEXTS) -> LetheError:
    with pytest.raises(LetheError) as caught:
        await embedder.embed(texts, InputKind.DOCUMENT)
    return caught.value


async def test_documents_and_questions_are_sent_as_what_they_are(stand_in: StandIn, asking: Opener):
    async with asking(EmbeddingProvider.COHERE, stand_in) as embedder:
        for kind in (InputKind.DOCUMENT, InputKind.QUERY):
            await embedder.embed(["lift"], kind)
    assert [seen.input_type for seen in stand_in.seen] == ["search_document", "search_query"]
    stand_in.forget()
    prefixes = {"embedding_query_prefix": "query: ", "embedding_document_prefix": "passage: "}
    async with asking(EmbeddingProvider.OPENAI, stand_in, **prefixes) as embedder:
        for kind in (InputKind.DOCUMENT, InputKind.QUERY):
            await embedder.embed(["lift"], kind)
        assert "prefixes-" in embedder.spec.key
    assert [seen.inputs for seen in stand_in.seen] == [["passage: lift"], ["query: lift"]]


async def test_each_vendor_is_asked_at_its_address_with_its_key_and_its_model(
    provider: EmbeddingProvider, embedder: Embedder, stand_in: StandIn
):
    await embedder.embed(["lift"], InputKind.DOCUMENT)
    (seen,) = stand_in.seen
    model = "embed-v4.0" if provider is EmbeddingProvider.COHERE else "text-embedding-3-small"
    assert (seen.model, seen.authorized_by, seen.dimensions) == (model, stand_in.key, None)
    path = {
        EmbeddingProvider.OPENAI: "/v1/embeddings",
        EmbeddingProvider.AZURE: f"/openai/deployments/{model}/embeddings",
        EmbeddingProvider.COHERE: "/v2/embed",
    }[provider]
    assert seen.path == path
    assert embedder.spec.model == model


async def test_a_deployment_may_have_another_name_than_its_model(stand_in: StandIn, asking: Opener):
    async with asking(EmbeddingProvider.AZURE, stand_in, embedding_deployment="ours") as embedder:
        await embedder.embed(["lift"], InputKind.DOCUMENT)
        assert embedder.spec.model == "text-embedding-3-small"
    assert stand_in.seen[0].path == "/openai/deployments/ours/embeddings"


async def test_vectors_are_shortened_only_when_asked(provider: EmbeddingProvider, stand_in: StandIn, asking: Opener):
    async with asking(provider, stand_in, embedding_dims=64, embedding_shorten=True) as embedder:
        assert (await embedder.embed(TEXTS, InputKind.DOCUMENT)).shape == (3, 64)
    assert stand_in.seen[0].dimensions == 64


@pytest.mark.parametrize(
    ("told", "error", "failure_class", "delay"),
    [
        (Behaviour(kind=Kind.STATUS, status=429, retry_after="7"), EmbedderUnavailable, FailureClass.TRANSIENT, 7.0),
        (Behaviour(kind=Kind.STATUS, status=429), EmbedderUnavailable, FailureClass.TRANSIENT, None),
        (
            Behaviour(kind=Kind.STATUS, status=429, retry_after="99999"),
            EmbedderUnavailable,
            FailureClass.TRANSIENT,
            600,
        ),
        (
            Behaviour(kind=Kind.STATUS, status=429, retry_after="soon"),
            EmbedderUnavailable,
            FailureClass.TRANSIENT,
            None,
        ),
        (Behaviour(kind=Kind.STATUS, status=500), EmbedderUnavailable, FailureClass.TRANSIENT, None),
        (Behaviour(kind=Kind.STATUS, status=503, retry_after="3"), EmbedderUnavailable, FailureClass.TRANSIENT, 3.0),
        (Behaviour(kind=Kind.STATUS, status=408), EmbedderUnavailable, FailureClass.TRANSIENT, None),
        (Behaviour(kind=Kind.BAD_GATEWAY), EmbedderUnavailable, FailureClass.TRANSIENT, None),
        (Behaviour(kind=Kind.CUT), EmbedderUnavailable, FailureClass.TRANSIENT, None),
        (Behaviour(kind=Kind.HANG, seconds=0), EmbedderUnavailable, FailureClass.TRANSIENT, None),
        (Behaviour(kind=Kind.STATUS, status=400), EmbedderRefused, FailureClass.PERMANENT, None),
        (Behaviour(kind=Kind.STATUS, status=401), EmbedderRefused, FailureClass.PERMANENT, None),
        (Behaviour(kind=Kind.STATUS, status=403), EmbedderRefused, FailureClass.PERMANENT, None),
        (Behaviour(kind=Kind.STATUS, status=404), EmbedderRefused, FailureClass.PERMANENT, None),
        (Behaviour(kind=Kind.STATUS, status=422), EmbedderRefused, FailureClass.PERMANENT, None),
        (Behaviour(kind=Kind.WRONG_DIMS), EmbeddingInvalid, FailureClass.TRANSIENT, None),
        (Behaviour(kind=Kind.NOT_A_NUMBER), EmbeddingInvalid, FailureClass.TRANSIENT, None),
        (Behaviour(kind=Kind.ZERO), EmbeddingInvalid, FailureClass.TRANSIENT, None),
        (Behaviour(kind=Kind.SHORT), EmbeddingInvalid, FailureClass.TRANSIENT, None),
    ],
    ids=lambda value: f"{value.kind}-{value.status}-{value.retry_after}" if isinstance(value, Behaviour) else "",
)
async def test_each_misbehaviour_has_its_error_and_is_not_tried_again_here(
    embedder: Embedder,
    stand_in: StandIn,
    told: Behaviour,
    error: type[LetheError],
    failure_class: FailureClass,
    delay: float | None,
):
    stand_in.will(told)
    caught = await failed(embedder)
    assert type(caught) is error
    assert caught.failure_class is failure_class
    assert caught.asked_delay == delay
    assert all(text not in caught.detail for text in TEXTS)
    assert len(stand_in.seen) == 1


async def test_a_date_to_wait_for_is_understood(embedder: Embedder, stand_in: StandIn):
    stand_in.will(Behaviour(kind=Kind.RETRY_AFTER_DATE, seconds=30))
    caught = await failed(embedder)
    assert caught.asked_delay == pytest.approx(30, abs=3)


async def test_a_page_instead_of_an_answer_is_no_vector(embedder: Embedder, stand_in: StandIn):
    stand_in.will(Behaviour(kind=Kind.PAGE))
    assert isinstance(await failed(embedder), EmbedderUnavailable | EmbeddingInvalid)


@pytest.mark.parametrize("kind", [Kind.HANG, Kind.DRIP])
async def test_the_time_limit_is_over_the_whole_call(
    provider: EmbeddingProvider, stand_in: StandIn, kind: Kind, asking: Opener
):
    """By far sooner than a limit that is not set, of 30 seconds, or than the provider ends."""
    stand_in.will(Behaviour(kind=kind, seconds=3_600))
    async with asking(provider, stand_in, timeout_seconds=0.5) as embedder, asyncio.timeout(15):
        assert isinstance(await failed(embedder), EmbedderUnavailable)
    assert len(stand_in.seen) == 1


async def test_a_wrong_key_is_refused(provider: EmbeddingProvider, stand_in: StandIn, asking: Opener):
    async with asking(provider, stand_in, api_key="stolen") as embedder:
        assert isinstance(await failed(embedder), EmbedderRefused)


async def test_vectors_out_of_order_are_put_right_and_repeated_ones_refused(stand_in: StandIn, asking: Opener):
    async with asking(EmbeddingProvider.OPENAI, stand_in) as embedder:
        expected = await embedder.embed(TEXTS, InputKind.DOCUMENT)
        stand_in.will(Behaviour(kind=Kind.REORDERED), Behaviour(kind=Kind.REPEATED))
        np.testing.assert_array_equal(await embedder.embed(TEXTS, InputKind.DOCUMENT), expected)
        assert isinstance(await failed(embedder), EmbeddingInvalid)


async def test_batches_keep_to_the_vendors_count(provider: EmbeddingProvider, stand_in: StandIn, asking: Opener):
    texts = [f"text number {number}" for number in range(200)]
    async with asking(provider, stand_in) as embedder:
        vectors = await embedder.embed(texts, InputKind.DOCUMENT)
        sizes = [len(seen.inputs) for seen in stand_in.seen]
        assert sorted(sizes) == ([8, 96, 96] if provider is EmbeddingProvider.COHERE else [200])
        one = await embedder.embed([texts[150]], InputKind.DOCUMENT)
    np.testing.assert_array_equal(vectors[150], one[0])


async def test_batches_keep_to_the_vendors_tokens(stand_in: StandIn, asking: Opener):
    async with asking(EmbeddingProvider.OPENAI, stand_in, embedding_batch_tokens=100) as embedder:
        await embedder.embed(["wing " * 30] * 7, InputKind.DOCUMENT)
    assert sorted(len(seen.inputs) for seen in stand_in.seen) == [1, 3, 3]


async def test_no_more_calls_at_once_than_set(asking: Opener):
    async with (
        running_provider(latency=0.1) as stand_in,
        asking(EmbeddingProvider.OPENAI, stand_in, embedding_batch_inputs=1, in_flight=3) as embedder,
    ):
        await embedder.embed(TEXTS * 3, InputKind.DOCUMENT)
        assert len(stand_in.seen) == 9
        assert stand_in.most_at_once == 3


async def test_a_failed_batch_ends_the_others(stand_in: StandIn, asking: Opener):
    async with asking(
        EmbeddingProvider.OPENAI, stand_in, embedding_batch_inputs=1, in_flight=2, timeout_seconds=3_600
    ) as embedder:
        stand_in.will(Behaviour(kind=Kind.STATUS, status=401), then=Behaviour(kind=Kind.HANG, seconds=3_600))
        async with asyncio.timeout(60):
            assert isinstance(await failed(embedder, ["a", "b", "c", "d"]), EmbedderRefused)
        assert len(stand_in.seen) <= 3


async def test_a_pause_the_provider_asks_for_holds_back_everyone(embedder: Embedder, stand_in: StandIn):
    stand_in.will(Behaviour(kind=Kind.STATUS, status=429, retry_after="1"))
    await failed(embedder)
    await embedder.embed(["lift"], InputKind.QUERY)
    refused, answered = stand_in.seen
    assert answered.at - refused.at >= 0.95


async def test_an_oversize_text_gets_the_weighted_mean_of_its_pieces(stand_in: StandIn, asking: Opener):
    """Known beforehand: 150 tokens where the model takes 100."""
    text = "wing " * 100 + "bread " * 50
    async with asking(EmbeddingProvider.OPENAI, stand_in, embedding_input_tokens=100) as embedder:
        vectors = await embedder.embed(["lift", text], InputKind.DOCUMENT)
        assert [len(seen.inputs) for seen in stand_in.seen] == [3]
        pieces = await embedder.embed([("wing " * 100).strip(), ("bread " * 50).strip()], InputKind.DOCUMENT)
    mean = pieces[0].astype(float) * 100 + pieces[1].astype(float) * 50
    np.testing.assert_allclose(vectors[1], mean / np.linalg.norm(mean), atol=1e-2)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


async def test_a_text_that_only_the_vendor_finds_too_long_is_sent_in_halves(
    provider: EmbeddingProvider, asking: Opener
):
    """Our count is an estimate for some models: the vendor takes 40 tokens where we think it takes 500."""
    async with (
        running_provider(max_tokens=40) as stand_in,
        asking(provider, stand_in, embedding_input_tokens=500) as embedder,
    ):
        texts = ["lift", "The lift of a wing is created by circulation around it. " * 12, "bread"]
        vectors = await embedder.embed(texts, InputKind.DOCUMENT)
        assert vectors.shape == (3, stand_in.dims)
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
        short = await embedder.embed(["lift", "bread"], InputKind.DOCUMENT)
        np.testing.assert_array_equal(vectors[[0, 2]], short)


async def test_a_vendor_that_finds_everything_too_long_is_given_up(embedder: Embedder, stand_in: StandIn):
    stand_in.will(then=Behaviour(kind=Kind.CONTEXT_LENGTH))
    assert isinstance(await failed(embedder, ["lift"]), EmbeddingInvalid)
    assert len(stand_in.seen) <= 8


async def test_a_cancelled_call_ends_at_once(embedder: Embedder, stand_in: StandIn):
    stand_in.will(Behaviour(kind=Kind.HANG, seconds=60))
    call = asyncio.create_task(embedder.embed(["lift"], InputKind.QUERY))
    while not stand_in.seen:
        await asyncio.sleep(0.01)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(call, 30)


@pytest.mark.parametrize(
    ("provider", "changed", "needed"),
    [
        (EmbeddingProvider.OPENAI, {"api_key": "", "base_url": ""}, "openai.api_key"),
        (EmbeddingProvider.AZURE, {"api_key": ""}, "azure.api_key"),
        (EmbeddingProvider.AZURE, {"base_url": ""}, "azure.base_url"),
        (EmbeddingProvider.COHERE, {"api_key": "", "base_url": ""}, "cohere.api_key"),
    ],
)
async def test_a_provider_without_what_it_needs_is_a_mistake_in_the_settings(
    provider: EmbeddingProvider, changed: dict[str, Any], needed: str, stand_in: StandIn, asking: Opener
):
    opening = asking(provider, stand_in, **changed)
    with pytest.raises(ConfigurationError, match=needed):
        async with opening:
            pass
