"""Breakers around calls, in one process."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from lethe.adapters.breakers import GuardedEmbedder, Guards, LocalKeeper, Policies
from lethe.adapters.fakes.clock import FakeClock
from lethe.adapters.fakes.embedding import HashEmbedder
from lethe.errors import (
    BreakerOpen,
    EmbedderUnavailable,
    IndexBuildMissing,
    IndexUnavailable,
    LedgerUnavailable,
    LetheError,
    ModelBudget,
    ModelContextOverflow,
    ModelMisconfigured,
    ModelRateLimited,
    ModelUnavailable,
    ProviderNotAllowed,
)
from lethe.model.breakers import Phase
from lethe.model.ids import new_id
from lethe.model.indexes import BuildKind, BuildState, IndexBuild
from lethe.ports.breakers import WEAVIATE, chat_breaker, embed_breaker
from lethe.ports.embedding import InputKind
from lethe.ports.vectors import HybridQuery
from lethe.settings import BreakerSettings

CHAT = chat_breaker("openai", "mini")
BUILD = IndexBuild(new_id(), new_id(), BuildKind.VECTOR, "spec", 1, "Chunks", BuildState.ACTIVE, 0, FakeClock().now())
QUERY = HybridQuery("lift", None, 0.5, 10, frozenset({new_id()}))
FAILURES = BreakerSettings().failures


class Breaking:
    """Breakers on a clock that stands still."""

    def __init__(self, **changed: float) -> None:
        self.clock = FakeClock()
        policies = Policies(BreakerSettings.model_validate(changed))
        self.keeper = LocalKeeper(policies, self.clock)
        self.breakers = Guards(self.keeper, policies, [CHAT])

    async def fail(self, error: BaseException, times: int = FAILURES, name: str = CHAT) -> None:
        for _ in range(times):
            with pytest.raises(type(error)):
                async with self.breakers.call(name):
                    raise error

    async def succeed(self, name: str = CHAT) -> None:
        async with self.breakers.call(name):
            pass

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    async def phase(self, name: str = CHAT) -> Phase:
        return (await self.breakers.states())[name].phase


def gauge(name: str) -> float | None:
    return REGISTRY.get_sample_value("rag_breaker_state", {"breaker": name})


async def test_it_opens_refuses_probes_and_closes() -> None:
    breaking = Breaking()
    await breaking.fail(ModelUnavailable())
    assert gauge(CHAT) == 2
    assert await breaking.breakers.is_open(CHAT)
    with pytest.raises(BreakerOpen) as refused:
        await breaking.succeed()
    assert refused.value.retry_after == 60
    breaking.pass_time(60)
    assert not await breaking.breakers.is_open(CHAT)
    async with breaking.breakers.call(CHAT):
        assert gauge(CHAT) == 1
        assert await breaking.breakers.is_open(CHAT)
    assert gauge(CHAT) == 0
    assert await breaking.phase() is Phase.CLOSED


@pytest.mark.parametrize(
    "failing", [ModelUnavailable(), ModelRateLimited(), IndexUnavailable(), OSError(), TimeoutError()]
)
async def test_what_counts_as_a_failure(failing: Exception) -> None:
    breaking = Breaking()
    await breaking.fail(failing)
    assert await breaking.phase() is Phase.OPEN


@pytest.mark.parametrize(
    "answer",
    [
        ModelMisconfigured(),
        ModelBudget(),
        ModelContextOverflow(),
        IndexBuildMissing(),
        ValueError(),
        LedgerUnavailable(),
    ],
)
async def test_what_does_not(answer: Exception) -> None:
    breaking = Breaking()
    await breaking.fail(answer, 20)
    assert await breaking.phase() is Phase.CLOSED


@pytest.mark.parametrize("answer", [ModelMisconfigured(), ModelContextOverflow(), IndexBuildMissing()])
async def test_a_refusal_shows_that_it_lives(answer: LetheError) -> None:
    breaking = Breaking()
    await breaking.fail(ModelUnavailable())
    breaking.pass_time(60)
    await breaking.fail(answer, 1)
    assert await breaking.phase() is Phase.CLOSED


@pytest.mark.parametrize("nothing", [LedgerUnavailable(), ProviderNotAllowed(), asyncio.CancelledError()])
async def test_a_probe_that_did_not_take_place_leaves_it_to_the_next(nothing: BaseException) -> None:
    breaking = Breaking()
    await breaking.fail(ModelUnavailable())
    breaking.pass_time(60)
    await breaking.fail(nothing, 1)
    assert not await breaking.breakers.is_open(CHAT)
    await breaking.succeed()
    assert await breaking.phase() is Phase.CLOSED


async def test_a_provider_that_asks_for_patience_gets_it() -> None:
    breaking = Breaking()
    await breaking.fail(ModelRateLimited(asked_delay=123.0))
    with pytest.raises(BreakerOpen) as refused:
        await breaking.succeed()
    assert refused.value.retry_after == 123


async def test_a_store_is_probed_every_half_minute() -> None:
    breaking = Breaking()
    await breaking.fail(IndexUnavailable(), name=WEAVIATE)
    for _ in range(4):
        assert (await breaking.breakers.states())[WEAVIATE].retry_after == 30
        breaking.pass_time(30)
        await breaking.fail(IndexUnavailable(), 1, name=WEAVIATE)


async def test_a_call_that_its_caller_gave_up_after_a_while_failed() -> None:
    breaking = Breaking(store_patience_seconds=0.05)
    for _ in range(FAILURES):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.25), breaking.breakers.call(WEAVIATE):
                await asyncio.sleep(10)
    assert await breaking.breakers.is_open(WEAVIATE)


async def test_a_reader_who_leaves_says_nothing_of_the_model() -> None:
    breaking = Breaking(store_patience_seconds=0.001)
    for _ in range(20):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.005), breaking.breakers.call(CHAT):
                await asyncio.sleep(10)
    assert not await breaking.breakers.is_open(CHAT)


async def test_a_probe_that_was_left_after_its_answer_came_closes_it() -> None:
    breaking = Breaking()
    await breaking.fail(ModelUnavailable())
    breaking.pass_time(60)

    async def reader() -> None:
        async with breaking.breakers.call(CHAT) as call:
            call.answered()
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await reader()
    assert await breaking.phase() is Phase.CLOSED


async def test_exactly_one_of_a_hundred_callers_probes(record_property: Callable[[str, object], None]) -> None:
    breaking = Breaking()
    await breaking.fail(EmbedderUnavailable())
    breaking.pass_time(60)
    probes, release = 0, asyncio.Event()

    async def caller() -> bool:
        nonlocal probes
        try:
            async with breaking.breakers.call(CHAT):
                probes += 1
                await release.wait()
        except BreakerOpen:
            return False
        return True

    tasks = [asyncio.create_task(caller()) for _ in range(100)]
    await asyncio.sleep(0)
    while sum(task.done() for task in tasks) < 99:
        await asyncio.sleep(0)
    release.set()
    served = sum(await asyncio.gather(*tasks))
    record_property("probes among 100 concurrent callers, one process", probes)
    assert (probes, served) == (1, 1)
    assert await breaking.phase() is Phase.CLOSED


async def test_a_caller_that_vanishes_with_the_probe_does_not_leave_it_stuck() -> None:
    breaking = Breaking()
    await breaking.fail(ModelUnavailable())
    breaking.pass_time(60)
    assert (await breaking.keeper.admit(CHAT)).epoch is not None
    assert await breaking.breakers.is_open(CHAT)
    breaking.pass_time(30)
    await breaking.succeed()
    assert await breaking.phase() is Phase.CLOSED


async def test_an_embedder_that_is_left_alone_is_asked_again_after_its_time() -> None:
    breaking, provider = Breaking(), HashEmbedder()
    embedder = GuardedEmbedder(provider, breaking.breakers, embed_breaker("openai"))
    provider.is_down = True
    for _ in range(20):
        with pytest.raises(EmbedderUnavailable):
            await embedder.embed(["lift"], InputKind.QUERY)
    provider.is_down = False
    with pytest.raises(EmbedderUnavailable, match="left alone"):
        await embedder.embed(["lift"], InputKind.QUERY)
    breaking.pass_time(30)
    assert len(await embedder.embed(["lift"], InputKind.QUERY)) == 1
