"""Cohere's reranker over its own SDK, against a stand-in at the wire that misbehaves on script; and the fake."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from socket import socket

import pytest

from lethe.adapters.breakers import make_breakers
from lethe.adapters.clock import SystemClock
from lethe.adapters.fakes.rerank import OverlapReranker
from lethe.adapters.rerank import open_reranker
from lethe.adapters.rerank.cohere import CohereReranker
from lethe.adapters.sql import SqlLedger
from lethe.errors import ConfigurationError, ProviderNotAllowed, RerankerRefused, RerankerUnavailable
from lethe.model.ids import Id, new_id
from lethe.model.processors import Operation, Origin, PolicyChange
from lethe.ports.rerank import Reranker
from lethe.privacy.processors import ProcessorLedger
from lethe.settings import CohereSettings, RerankProvider, RerankSettings, Settings
from tests.contract.ledger_rows import add_tenant
from tests.servers.embedding_provider import Behaviour, Kind, running_provider
from tests.servers.embedding_provider import EmbeddingProvider as StandIn

QUESTION = "how tall is the lighthouse"
PASSAGES = ["bread and salt", "the lighthouse is tall", "the sea"]


@dataclass
class Works:
    ledger: SqlLedger
    tenant_id: Id
    document_id: Id
    reranker: CohereReranker

    @property
    def origin(self) -> Origin:
        return Origin(self.tenant_id, frozenset({self.document_id}))

    async def rerank(self) -> list[float]:
        return await self.reranker.rerank(QUESTION, PASSAGES, self.origin)

    async def costs(self) -> list[int]:
        async with self.ledger.read() as uow:
            return [call.cost_micros for call in await uow.processor_calls.about(self.tenant_id, self.document_id)]

    async def statuses(self) -> list[str]:
        async with self.ledger.read() as uow:
            calls = await uow.processor_calls.about(self.tenant_id, self.document_id)
        assert all(call.operation is Operation.RERANK for call in calls)
        return [call.status for call in calls]


@pytest.fixture
async def stand_in() -> AsyncGenerator[StandIn]:
    async with running_provider() as provider:
        yield provider


@pytest.fixture
async def works(stand_in: StandIn, sqlite_settings: Settings) -> AsyncGenerator[Works]:
    ledger = SqlLedger.from_settings(sqlite_settings)
    settings = CohereSettings.model_validate({"api_key": stand_in.key, "base_url": stand_in.url, "timeout_seconds": 2})
    reranker = CohereReranker(settings, ProcessorLedger(ledger, SystemClock()), passage_characters=4_000)
    yield Works(ledger, await add_tenant(ledger), new_id(), reranker)
    await reranker.close()
    await ledger.close()


@pytest.fixture(params=["cohere", "fake"])
def reranker(request: pytest.FixtureRequest, works: Works) -> Reranker:
    return works.reranker if request.param == "cohere" else OverlapReranker()


async def test_each_passage_has_its_own_score(reranker: Reranker, works: Works) -> None:
    scores = await reranker.rerank(QUESTION, PASSAGES, works.origin)
    assert len(scores) == len(PASSAGES)
    assert all(0 <= score <= 1 for score in scores)
    assert scores.index(max(scores)) == 1
    assert await reranker.rerank(QUESTION, [], works.origin) == []


async def test_one_request_that_is_recorded(works: Works, stand_in: StandIn) -> None:
    await works.rerank()
    assert [(seen.path, seen.model, seen.inputs) for seen in stand_in.seen] == [("/v2/rerank", "rerank-v3.5", PASSAGES)]
    assert await works.statuses() == ["answered"]


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (Behaviour(kind=Kind.STATUS, status=429, retry_after="7"), RerankerUnavailable),
        (Behaviour(kind=Kind.STATUS, status=503), RerankerUnavailable),
        (Behaviour(kind=Kind.BAD_GATEWAY), RerankerUnavailable),
        (Behaviour(kind=Kind.CUT), RerankerUnavailable),
        (Behaviour(kind=Kind.STATUS, status=401), RerankerRefused),
        (Behaviour(kind=Kind.STATUS, status=400), RerankerRefused),
        (Behaviour(kind=Kind.CONTEXT_LENGTH), RerankerRefused),
        (Behaviour(kind=Kind.PAGE), RerankerUnavailable),
        (Behaviour(kind=Kind.NOT_A_NUMBER), RerankerRefused),
        (Behaviour(kind=Kind.SHORT), RerankerRefused),
        (Behaviour(kind=Kind.REPEATED), RerankerRefused),
        (Behaviour(kind=Kind.WRONG_DIMS), RerankerRefused),
        (Behaviour(kind=Kind.HANG, seconds=30), TimeoutError),
        (Behaviour(kind=Kind.DRIP, seconds=30), TimeoutError),
    ],
    ids=lambda value: str(getattr(value, "kind", "")) or None,
)
async def test_what_goes_wrong_is_an_error_by_name_after_one_request(
    works: Works, stand_in: StandIn, behaviour: Behaviour, error: type[Exception]
) -> None:
    stand_in.will(behaviour)
    with pytest.raises(error):
        await works.rerank()
    assert len(stand_in.seen) == 1
    assert (await works.statuses()) != ["answered"]


@pytest.mark.parametrize(
    ("behaviour", "cost"),
    [(Behaviour(kind=Kind.CUT), 2_000), (Behaviour(kind=Kind.STATUS, status=503), 0)],
    ids=["cut", "503"],
)
async def test_a_call_that_broke_off_may_be_charged_for_and_a_refused_one_is_not(
    works: Works, stand_in: StandIn, behaviour: Behaviour, cost: int
) -> None:
    stand_in.will(behaviour)
    with pytest.raises(RerankerUnavailable):
        await works.rerank()
    assert await works.costs() == [cost]


async def test_what_was_never_sent_costs_nothing(works: Works) -> None:
    with socket() as bound:
        bound.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{bound.getsockname()[1]}"
        settings = CohereSettings.model_validate({"api_key": "key", "base_url": address})
        reranker = CohereReranker(settings, ProcessorLedger(works.ledger, SystemClock()), passage_characters=100)
        with pytest.raises(RerankerUnavailable):
            await reranker.rerank(QUESTION, PASSAGES, works.origin)
        await reranker.close()
    assert await works.costs() == [0]


async def test_a_tenant_that_does_not_allow_it_sends_nothing(works: Works, stand_in: StandIn) -> None:
    tenant_id = await add_tenant(works.ledger)
    change = PolicyChange(tenant_id, new_id(), new_id(), ("openai",), SystemClock().now())
    async with works.ledger.write() as uow:
        await uow.processor_policies.put(change)
    with pytest.raises(ProviderNotAllowed):
        await works.reranker.rerank(QUESTION, PASSAGES, Origin(tenant_id, frozenset({works.document_id})))
    assert stand_in.seen == []


async def test_it_is_made_of_settings_and_fails_at_once_behind_an_open_breaker(
    works: Works, stand_in: StandIn, sqlite_settings: Settings
) -> None:
    calls = ProcessorLedger(works.ledger, SystemClock())
    settings = sqlite_settings.model_copy(
        update={
            "rerank": RerankSettings(provider=RerankProvider.COHERE),
            "cohere": CohereSettings.model_validate({"api_key": stand_in.key, "base_url": stand_in.url}),
        }
    )
    breakers = make_breakers(settings, None, SystemClock())
    stand_in.will(then=Behaviour(kind=Kind.STATUS, status=503))
    async with open_reranker(settings, calls, breakers) as reranker:
        assert reranker is not None
        for _ in range(20):
            with pytest.raises(RerankerUnavailable):
                await reranker.rerank(QUESTION, PASSAGES, works.origin)
    assert len(stand_in.seen) < 20
    async with open_reranker(sqlite_settings, calls, breakers) as none:
        assert none is None
    keyless = settings.model_copy(update={"cohere": CohereSettings()})
    with pytest.raises(ConfigurationError):
        async with open_reranker(keyless, calls, breakers):
            pass
