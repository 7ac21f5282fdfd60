"""What ports.vectors.VectorIndex means: every implementation passes these."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import pytest
from numpy.typing import NDArray

from lethe.errors import IndexBuildMissing, IndexWriteFailed
from lethe.model.conditions import AllOf, Condition, HasAny
from lethe.model.ids import Id, chunk_id, new_id
from lethe.model.indexes import BuildKind, BuildState, IndexBuild, collection_name
from lethe.ports.vectors import HybridQuery, IndexObject, VectorIndex
from tests.contract.vector_listing import VectorListing

DIMS = 8


def make_build(tenant_id: Id, number: int = 1, spec: str = "contract/8") -> IndexBuild:
    return IndexBuild(
        tenant_id=tenant_id,
        id=new_id(),
        kind=BuildKind.VECTOR,
        spec=spec,
        number=number,
        collection=collection_name(spec),
        state=BuildState.ACTIVE,
        seq=0,
        created_at=datetime.now(UTC),
    )


def direction(axis: int) -> NDArray[np.float32]:
    """A unit vector near one axis and at a small angle to all others."""
    vector = np.full(DIMS, 0.1, np.float32)
    vector[axis % DIMS] = 1.0
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


@dataclass
class Shelf:
    """A build and the means to put things in it."""

    index: VectorIndex
    build: IndexBuild

    @property
    def everyone(self) -> Id:
        return self.build.tenant_id

    def objects(
        self,
        terms: Sequence[str],
        *,
        version: Id | None = None,
        readers: Sequence[Id] = (),
        attributes: Sequence[str] = (),
    ) -> list[IndexObject]:
        """A version with a chunk for each text; chunk n points along axis n."""
        version_id, document_id = version or new_id(), new_id()
        return [
            IndexObject(
                chunk_id=chunk_id(version_id, ordinal),
                document_id=document_id,
                version_id=version_id,
                ordinal=ordinal,
                terms=text,
                readers=tuple(readers) or (self.everyone,),
                attributes=tuple(attributes),
                vector=direction(ordinal),
            )
            for ordinal, text in enumerate(terms)
        ]

    async def put(
        self,
        terms: Sequence[str],
        *,
        version: Id | None = None,
        readers: Sequence[Id] = (),
        attributes: Sequence[str] = (),
    ) -> list[IndexObject]:
        objects = self.objects(terms, version=version, readers=readers, attributes=attributes)
        await self.index.upsert(self.build, objects)
        return objects

    async def ask(
        self,
        terms: str = "",
        axis: int | None = None,
        *,
        alpha: float = 0.5,
        limit: int = 10,
        readers: frozenset[Id] | None = None,
        attributes: Condition | None = None,
    ) -> list[Id]:
        query = HybridQuery(
            terms=terms,
            vector=None if axis is None else direction(axis),
            alpha=alpha,
            limit=limit,
            readers=frozenset({self.everyone}) if readers is None else readers,
            attributes=attributes,
        )
        return [hit.chunk_id for hit in await self.index.search(self.build, query)]


class VectorIndexContract(VectorListing):
    """Subclasses give a fixture ``index``."""

    @pytest.fixture
    async def shelf(self, index: VectorIndex) -> Shelf:
        build = make_build(new_id())
        await index.create_build(build, DIMS)
        return Shelf(index, build)

    async def test_what_is_written_is_found_and_carries_its_ids(self, shelf: Shelf) -> None:
        first, *_ = await shelf.put(["lift wing", "drag wing", "heat"])
        query = HybridQuery("lift", direction(0), 0.5, 10, frozenset({shelf.everyone}))
        best = (await shelf.index.search(shelf.build, query))[0]
        assert (best.chunk_id, best.version_id, best.document_id) == (
            first.chunk_id,
            first.version_id,
            first.document_id,
        )
        assert 0 < best.score <= 1

    async def test_creating_a_build_again_keeps_what_it_holds(self, shelf: Shelf) -> None:
        objects = await shelf.put(["lift"])
        await shelf.index.create_build(shelf.build, DIMS)
        assert await shelf.ask("lift") == [objects[0].chunk_id]

    async def test_writing_again_replaces(self, shelf: Shelf) -> None:
        version = new_id()
        await shelf.put(["lift"], version=version)
        objects = await shelf.put(["drag"], version=version)
        assert await shelf.ask("lift") == []
        assert await shelf.ask("drag") == [objects[0].chunk_id]
        assert await shelf.index.chunk_ids(shelf.build, version) == {objects[0].chunk_id}

    async def test_alpha_weighs_meaning_against_words(self, shelf: Shelf) -> None:
        near, worded, _ = await shelf.put(["heat flow", "lift lift wing", "shock lift"])
        assert (await shelf.ask("lift wing", axis=0, alpha=1.0))[0] == near.chunk_id
        assert (await shelf.ask("lift wing", axis=0, alpha=0.9))[0] == near.chunk_id
        assert (await shelf.ask("lift wing", axis=0, alpha=0.1))[0] == worded.chunk_id
        assert (await shelf.ask("lift wing", axis=0, alpha=0.0))[0] == worded.chunk_id

    async def test_without_a_vector_words_alone_decide(self, shelf: Shelf) -> None:
        objects = await shelf.put(["lift wing", "drag", "lift heat heat"])
        assert await shelf.ask("lift", alpha=1.0) == [objects[0].chunk_id, objects[2].chunk_id]

    async def test_without_words_the_vector_alone_decides(self, shelf: Shelf) -> None:
        objects = await shelf.put(["lift", "drag", "heat"])
        found = await shelf.ask("", axis=1, alpha=0.0)
        assert found[0] == objects[1].chunk_id
        assert set(found) == {item.chunk_id for item in objects}

    async def test_without_words_and_vector_nothing_is_found(self, shelf: Shelf) -> None:
        await shelf.put(["lift"])
        assert await shelf.ask("") == []

    async def test_scores_fall_and_stay_within_0_and_1(self, shelf: Shelf) -> None:
        await shelf.put([f"lift {'wing ' * n}" for n in range(1, 9)])
        for alpha in (0.0, 0.5, 1.0):
            query = HybridQuery("lift wing", direction(2), alpha, 10, frozenset({shelf.everyone}))
            scores = [hit.score for hit in await shelf.index.search(shelf.build, query)]
            assert scores == sorted(scores, reverse=True)
            assert all(0 <= score <= 1.000001 for score in scores)

    async def test_at_most_limit_hits(self, shelf: Shelf) -> None:
        await shelf.put(["lift"] * 6)
        for alpha in (0.0, 0.5, 1.0):
            assert len(await shelf.ask("lift", axis=0, alpha=alpha, limit=4)) == 4

    async def test_the_largest_page_of_the_gate_comes_whole(self, shelf: Shelf) -> None:
        """The rights gate asks for 800 when it has dropped too many of the first 50."""
        vectors = np.random.default_rng(2).normal(size=(1_000, DIMS))
        objects = [
            replace(item, vector=np.asarray(vector / np.linalg.norm(vector), np.float32))
            for item, vector in zip(shelf.objects(["lift"] * 1_000), vectors, strict=True)
        ]
        await shelf.index.upsert(shelf.build, objects)
        for alpha in (0.0, 0.5, 1.0):
            assert len(set(await shelf.ask("lift", axis=0, alpha=alpha, limit=800))) == 800

    async def test_only_what_the_caller_may_read(self, shelf: Shelf) -> None:
        group, other = new_id(), new_id()
        for_group = await shelf.put(["lift"], readers=[group, other])
        await shelf.put(["lift"], readers=[other])
        for axis in (0, None):
            assert await shelf.ask("lift", axis=axis, readers=frozenset({group})) == [for_group[0].chunk_id]
            assert await shelf.ask("lift", axis=axis, readers=frozenset({new_id()})) == []
            assert len(await shelf.ask("lift", axis=axis, readers=frozenset({group, other}))) == 2

    async def test_no_reader_reads_nothing(self, shelf: Shelf) -> None:
        await shelf.put(["lift"])
        assert await shelf.ask("lift", axis=0, readers=frozenset()) == []

    async def test_a_choice_of_no_attributes_lets_nothing_through(self, shelf: Shelf) -> None:
        await shelf.put(["lift"], attributes=["colour=red"])
        assert await shelf.ask("lift", axis=0, attributes=HasAny(())) == []

    async def test_attributes_any_within_a_group_and_all_groups(self, shelf: Shelf) -> None:
        red = await shelf.put(["lift"], attributes=["colour=red", "year=1958"])
        blue = await shelf.put(["lift"], attributes=["colour=blue", "year=1958"])
        either = await shelf.ask(
            "lift", attributes=AllOf((HasAny(("colour=red", "colour=blue")), HasAny(("year=1958",))))
        )
        assert set(either) == {red[0].chunk_id, blue[0].chunk_id}
        assert await shelf.ask("lift", attributes=HasAny(("colour=red",))) == [red[0].chunk_id]
        assert await shelf.ask("lift", attributes=AllOf((HasAny(("colour=red",)), HasAny(("year=1960",))))) == []
        # A value is compared whole: no part of it, no other case.
        assert await shelf.ask("lift", attributes=HasAny(("colour=RED", "colour", "red"))) == []

    async def test_properties_are_rewritten_and_the_vector_stays(self, shelf: Shelf) -> None:
        group = new_id()
        objects = await shelf.put(["lift", "drag"], attributes=["colour=red"])
        other = await shelf.put(["lift"])
        version = objects[0].version_id
        assert await shelf.index.update_properties(shelf.build, version, (group,), ("colour=blue",)) == 2
        assert await shelf.ask("lift", axis=0) == [other[0].chunk_id]
        reading = frozenset({group})
        assert (await shelf.ask("drag", axis=1, alpha=1.0, readers=reading))[0] == objects[1].chunk_id
        assert await shelf.ask("drag", readers=reading, attributes=HasAny(("colour=blue",))) == [objects[1].chunk_id]
        assert await shelf.ask("drag", readers=reading, attributes=HasAny(("colour=red",))) == []

    async def test_attributes_can_be_taken_away(self, shelf: Shelf) -> None:
        objects = await shelf.put(["lift"], attributes=["colour=red"])
        await shelf.index.update_properties(shelf.build, objects[0].version_id, (shelf.everyone,), ())
        assert await shelf.ask("lift", attributes=HasAny(("colour=red",))) == []
        assert await shelf.ask("lift") == [objects[0].chunk_id]

    async def test_rewriting_properties_of_an_unknown_version_is_nothing(self, shelf: Shelf) -> None:
        assert await shelf.index.update_properties(shelf.build, new_id(), (new_id(),), ()) == 0

    async def test_deleting_versions_leaves_the_others(self, shelf: Shelf) -> None:
        gone, kept = await shelf.put(["lift", "lift"]), await shelf.put(["lift"])
        assert await shelf.index.delete_versions(shelf.build, [gone[0].version_id, new_id()]) == 2
        assert await shelf.ask("lift", axis=0) == [kept[0].chunk_id]
        assert await shelf.index.chunk_ids(shelf.build, gone[0].version_id) == frozenset()
        assert await shelf.index.delete_versions(shelf.build, [gone[0].version_id]) == 0
        assert await shelf.index.delete_versions(shelf.build, []) == 0

    async def test_every_id_can_be_listed(self, shelf: Shelf) -> None:
        objects = [*await shelf.put(["lift"] * 3), *await shelf.put(["drag"] * 2)]
        listed = [found async for found in shelf.index.all_chunk_ids(shelf.build)]
        assert sorted(listed) == sorted(item.chunk_id for item in objects)

    async def test_a_version_of_many_pages_and_batches(self, shelf: Shelf) -> None:
        objects = await shelf.put([f"word{n}" for n in range(2_050)])
        ids = {item.chunk_id for item in objects}
        assert await shelf.index.chunk_ids(shelf.build, objects[0].version_id) == ids
        assert {found async for found in shelf.index.all_chunk_ids(shelf.build)} == ids

    async def test_builds_and_tenants_do_not_see_each_other(self, shelf: Shelf) -> None:
        next_build = replace(shelf.build, id=new_id(), number=2)
        other_tenant = make_build(new_id())
        for build in (next_build, other_tenant):
            await shelf.index.create_build(build, DIMS)
        objects = await shelf.put(["lift"])
        for build in (next_build, other_tenant):
            elsewhere = Shelf(shelf.index, build)
            assert await elsewhere.ask("lift", axis=0, readers=frozenset({shelf.everyone})) == []
            assert await shelf.index.delete_versions(build, [objects[0].version_id]) == 0
        assert await shelf.ask("lift") == [objects[0].chunk_id]

    async def test_a_dropped_build_is_gone_and_stays_gone(self, shelf: Shelf) -> None:
        objects = await shelf.put(["lift"])
        assert await shelf.index.exists(shelf.build)
        await shelf.index.drop_build(shelf.build)
        await shelf.index.drop_build(shelf.build)
        assert not await shelf.index.exists(shelf.build)
        with pytest.raises(IndexBuildMissing):
            await shelf.ask("lift")
        with pytest.raises(IndexBuildMissing):
            await shelf.index.upsert(shelf.build, objects)
        with pytest.raises(IndexBuildMissing):
            await shelf.index.chunk_ids(shelf.build, objects[0].version_id)
        assert await shelf.index.delete_versions(shelf.build, [objects[0].version_id]) == 0

    async def test_a_build_that_never_was_is_missing_too(self, shelf: Shelf) -> None:
        nowhere = replace(shelf.build, collection=collection_name("never"))
        assert not await shelf.index.exists(nowhere)
        await shelf.index.drop_build(nowhere)
        with pytest.raises(IndexBuildMissing):
            await Shelf(shelf.index, nowhere).ask("lift")

    async def test_an_object_that_does_not_fit_is_refused(self, shelf: Shelf) -> None:
        good = await shelf.put(["lift"])
        bad = replace(shelf.objects(["drag"])[0], vector=np.ones(DIMS + 1, np.float32) / 3)
        with pytest.raises(IndexWriteFailed):
            await shelf.index.upsert(shelf.build, [bad])
        with pytest.raises(IndexWriteFailed):
            await shelf.index.upsert(shelf.build, [*shelf.objects(["heat"]), bad])
        assert await shelf.ask("lift") == [good[0].chunk_id]

    async def test_it_is_ready(self, index: VectorIndex) -> None:
        assert await index.ready()
