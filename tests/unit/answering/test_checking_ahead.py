"""An answer that is held against its passages while its draft is stored."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from lethe.adapters.fakes.embedding import HashEmbedder
from lethe.answering.checking import Begun
from lethe.answering.steps import finish
from lethe.answering.views import present
from lethe.model.answers import DegradedReason
from lethe.settings import Settings
from tests.corpus import NOON
from tests.unit.answering.model_world import KEEPER, World, open_world

OTHER_WORDS = "Sailors see something shiny from afar."
BESIDE_IT = "Somebody lives upstairs all winter."


@pytest.fixture
async def world(sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[World, None]:
    async with open_world(sqlite_settings) as opened:
        monkeypatch.setattr("lethe.answering.meaning.CALIBRATED", {opened.deps.embedder.spec.model})
        yield opened


def embedded(world: World, text: str) -> int:
    assert isinstance(world.deps.embedder, HashEmbedder)
    return world.deps.embedder.texts.count(text)


async def test_what_was_compared_ahead_is_not_compared_again(world: World) -> None:
    world = world.chain([f"{OTHER_WORDS[:-1]} [1]."])
    question = await world.ask()
    turned = await world.turn(retrieved := await world.retrieved(question), retrieved.models[0])
    assert turned.drafted is not None
    assert world.deps.under_way.check(question.id) is not None
    await finish(world.deps, turned.drafted)
    assert embedded(world, OTHER_WORDS) == 1
    view = await present(world.deps, world.caller, question.id)
    assert view.degraded_reasons == (DegradedReason.UNGROUNDED,)
    assert world.deps.under_way.check(question.id) is None


async def test_an_answer_that_lost_a_source_meanwhile_is_compared_anew(world: World) -> None:
    keeper = await world.corpus.plant(KEEPER)
    world = world.chain([f"{OTHER_WORDS[:-1]} [1]. {BESIDE_IT[:-1]} [2]."])
    question = await world.ask()
    turned = await world.turn(retrieved := await world.retrieved(question), retrieved.models[0])
    begun = world.deps.under_way.check(question.id)
    assert turned.drafted is not None
    assert begun is not None
    ahead = await begun.found
    assert len(ahead.claims) == 2
    await world.corpus.change(keeper, deleted_at=NOON)
    await finish(world.deps, turned.drafted)
    assert sorted(embedded(world, claim) for claim in (OTHER_WORDS, BESIDE_IT)) == [1, 2]


async def test_a_comparison_that_was_broken_off_is_made_anew(world: World) -> None:
    world = world.chain([f"{OTHER_WORDS[:-1]} [1]."])
    question = await world.ask()
    turned = await world.turn(retrieved := await world.retrieved(question), retrieved.models[0])
    begun = world.deps.under_way.check(question.id)
    assert turned.drafted is not None
    assert begun is not None
    begun.found.cancel()
    await finish(world.deps, turned.drafted)
    assert (await present(world.deps, world.caller, question.id)).degraded_reasons == (DegradedReason.UNGROUNDED,)


async def test_whoever_stops_waiting_for_a_comparison_stops_nobody_else(world: World) -> None:
    never = asyncio.ensure_future(asyncio.Event().wait())
    begun = Begun([], {}, never)  # pyright: ignore[reportArgumentType]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await begun.of([], {})
    assert not never.cancelled()
    never.cancel()
