"""Whoever writes builds leaves the other share of the time to others."""

from collections.abc import Collection, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from lethe.errors import EmbedderUnavailable
from lethe.indexing.audit import pacing
from lethe.indexing.audit.pacing import LONGEST_REST, PART, Pace, Paced
from lethe.model.documents import Chunk, Version
from lethe.model.ids import Id
from lethe.model.indexes import IndexBuild

BUILD = cast("IndexBuild", object())


class Slow:
    """A filler that takes so long for each part, by the clock that it moves."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.now = seconds, 0.0
        self.told: list[str] = []

    async def write(
        self, build: IndexBuild, chunks: Sequence[Chunk], versions: Mapping[Id, Version], keys: Mapping[Id, bytes]
    ) -> set[Id]:
        self.now += self.seconds
        self.told.append(f"wrote {len(chunks)}")
        return {chunk.id for chunk in chunks[1:]}

    async def withheld(self, build: IndexBuild, chunk_ids: Collection[Id]) -> frozenset[Id]:
        return frozenset(chunk_ids)

    async def rest(self, seconds: float) -> None:
        self.now += seconds
        self.told.append(f"rested {seconds:g}")


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Slow:
    made = Slow(0.25)
    monkeypatch.setattr(pacing, "time", SimpleNamespace(monotonic=lambda: made.now))
    monkeypatch.setattr(pacing, "asyncio", SimpleNamespace(sleep=made.rest))
    return made


def chunks(count: int) -> list[Any]:
    return [SimpleNamespace(id=f"{number:04}") for number in range(count)]


@pytest.mark.parametrize(("share", "rest"), [(0.5, "rested 0.25"), (0.25, "rested 0.75"), (0.01, "rested 1")])
async def test_a_rest_before_every_part_but_the_first(slow: Slow, share: float, rest: str) -> None:
    paced = Paced(slow, Pace(share))
    written = await paced.write(BUILD, chunks(2 * PART + 1), {}, {})
    assert slow.told == [f"wrote {PART}", rest, f"wrote {PART}", rest, "wrote 1"]
    assert len(written) == 2 * (PART - 1)
    assert await paced.withheld(BUILD, ["0"]) == {"0"}
    slow.told.clear()
    await paced.write(BUILD, chunks(1), {}, {})
    assert slow.told == [rest, "wrote 1"]
    assert LONGEST_REST == 1.0


async def test_a_whole_share_rests_never(slow: Slow) -> None:
    await Paced(slow, Pace(1.0)).write(BUILD, chunks(3 * PART), {}, {})
    assert slow.told == [f"wrote {PART}"] * 3


async def test_two_builds_at_once_owe_what_both_worked(slow: Slow) -> None:
    pace = Pace(0.5)
    for _ in range(2):
        pace.worked(0.25)
    await pace.rest()
    await pace.rest()
    assert slow.told == ["rested 0.5"]


async def test_what_was_refused_is_owed_as_well(slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    pace = Pace(0.5)

    async def refuse(*_: object) -> set[Id]:
        slow.now += 0.25
        raise EmbedderUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(slow, "write", refuse)
        with pytest.raises(EmbedderUnavailable):
            await Paced(slow, pace).write(BUILD, chunks(PART), {}, {})
    await pace.rest()
    assert slow.told == ["rested 0.25"]
